"""aws_iot.mqtt.attempt, link, connack and connect: attempts that callbacks or a lack of memory get in the way of."""

import sys

from peer import CONNECT, Peer
from samples import NoMemoryFor, raises

import aws_iot
import aws_iot.mqtt
import aws_iot.shadow


class _Sockets:
    """Counts the sockets that a peer's client opens and closes."""

    def __init__(self, peer):
        self.opened = self.closed = 0
        play = peer.socket

        class Socket:
            def close(socket):
                self.closed += 1

            def setblocking(socket, flag):
                pass

            def setsockopt(socket, *args):
                pass

            def connect(socket, address):
                return peer.connect(address)

            def readinto(socket, buffer):
                return peer.readinto(buffer)

            def write(socket, data):
                return peer.write(data)

        def socket(family, kind):
            play(family, kind)
            self.opened += 1
            return Socket()

        peer.socket = socket


def _once(event, action):
    """A callback for on_event that does ``action`` at the first such event."""
    left = [1]

    def tell(name, value):
        if name == event and left:
            left.pop()
            action()

    return tell


def _lose(peer, client):
    peer.close_link()
    while client.connected:
        client.poll(100)


def _poll(client, times=40):
    for _ in range(times):
        client.poll(200)


def test_a_connected_callback_may_outlive_its_link():
    def attempt_begins():
        _lose(peer, client)
        while not client.opening:
            client.poll(100)

    def connack_is_awaited():
        _lose(peer, client)
        peer.silent = (CONNECT,)
        while client.stage != "connack":
            client.poll(100)
        peer.silent = ()

    def is_up_again():
        _lose(peer, client)
        client.until(lambda: client.connected, 60000)

    for action in (attempt_begins, connack_is_awaited, is_up_again):
        with Peer() as peer:
            client = peer.client()
            client.on_event(_once("connected", action))
            assert client.until(lambda client=client: client.ready and not client.busy, 120000)
            # one CONNECT on each connection
            assert len(peer.packets(CONNECT)) == peer.connections > 1


def test_a_connecting_callback_may_connect_itself():
    def connects(client):
        client.connect()

    def waits(client):
        client.until(lambda: False, 15000)

    for action in (connects, waits):
        with Peer() as peer:
            sockets = _Sockets(peer)
            client = peer.client()
            client.on_event(_once("connecting", lambda action=action, client=client: action(client)))
            _poll(client)
            assert client.connected and len(peer.packets(CONNECT)) == 1
            assert sockets.opened == sockets.closed + 1


def test_disconnected_while_connecting_it_connects_anew():
    with Peer() as peer:
        client = peer.client()
        events = []

        def tell(event, value):
            events.append(event)
            if event == "connecting" and len(events) == 1:
                client.disconnect()

        client.on_event(tell)
        assert "disconnect()" in str(raises(Exception, client.connect))
        client.connect()
        assert events == ["connecting", "disconnected", "connecting", "connected", "ready"][: len(events)], events
        assert client.connected


def test_an_attempt_that_failed_without_memory_is_closed():
    left = [3]

    def random():
        if left[0]:
            left[0] -= 1
            raise MemoryError
        return 0

    with Peer() as peer:
        sockets = _Sockets(peer)
        peer.connack = 5
        client = peer.client(random=random)
        while left[0] and not sockets.opened:
            client.poll()
        client.until(lambda: not left[0], 10000)
        assert sockets.opened == sockets.closed == 1  # the next attempt waits until this one can be told
        peer.connack = 0
        assert client.until(lambda: client.connected, 10000)


def test_subscriptions_that_there_is_no_memory_for_are_asked_for_all_the_same():
    class Subscriptions:
        """A dict that cannot list its items once: MicroPython's own cannot be derived from so far."""

        def __init__(self):
            self.all = {}

        def items(self):
            if left:
                left.pop()
                raise MemoryError
            return self.all.items()

        def __getattr__(self, name):
            return getattr(self.all, name)

        def __contains__(self, name):
            return name in self.all

        def __getitem__(self, name):
            return self.all[name]

        def __setitem__(self, name, sub):
            self.all[name] = sub

        def __len__(self):
            return len(self.all)

    left = []
    with Peer() as peer:
        client = peer.client()
        client.subs = Subscriptions()
        client.connect()
        client.subscribe("a/b", 1, print)
        _lose(peer, client)
        left.append(1)
        assert client.until(lambda: client.ready and not left, 120000)
        assert len(peer.filters()) == 2


def test_what_came_with_connack_is_there_for_a_callback_that_waits():
    with Peer() as peer:
        client = peer.client(clean_session=False)
        peer.session = True
        got = []
        client.set_callback(lambda topic, message: got.append(message))
        answer = peer._answer

        def answer_and_publish(first, body):
            answer(first, body)
            if first & 0xF0 == CONNECT:
                peer.publish("x", b"1", 1)

        peer._answer = answer_and_publish
        client.on_event(_once("connected", lambda: client.until(lambda: False, 20000)))
        client.connect()
        assert got == [b"1"] and client.connected and client.stats["connects"] == 1


def test_a_hook_that_there_is_no_memory_for_is_called_again():
    with Peer() as peer:
        client = peer.client()
        shadow = aws_iot.shadow.Shadow(client, "t")
        client.connect()

        def answers(topic, payload):
            if topic.endswith("/get"):
                peer.publish(topic + "/accepted", b'{"version": 1, "state": {}}')

        peer.service = answers
        shadow.on_delta(print)
        client.until(lambda: shadow.asked is None, 5000)
        _lose(peer, client)
        gets = len(peer.published())
        with NoMemoryFor(aws_iot, "shadow_sync") as short:
            client.until(lambda: len(peer.published()) > gets, 60000)
        assert not short.left and peer.published()[gets][0].endswith("/get")


def test_interrupted_in_the_look_up_it_connects_again():
    with Peer() as peer:
        client = peer.client()
        peer.failing["dns"] = KeyboardInterrupt()
        raises(KeyboardInterrupt, client.connect)
        peer.failing.clear()
        client.connect()
        assert client.connected


def test_the_port_is_no_clean_session():
    with Peer() as peer:
        client = peer.client()
        assert "port=" in str(raises(ValueError, client.connect, 8883))
        assert not peer.connections


def test_a_ping_that_cannot_be_written_is_a_loss_with_its_back_off():
    with Peer() as peer:
        client = peer.connected(keepalive=20, random=lambda: 63999)
        client.fails = 5

        def flush():
            raise OSError(104)

        client.flush = flush
        while client.connected:
            client.poll(1000)
        assert aws_iot.mqtt.ticks_diff(client.due, peer.clock.now) > 60000


def test_a_file_that_there_was_no_memory_for_can_be_lent_later():
    if sys.implementation.name != "micropython":
        return  # CPython keeps what it lends
    import gc

    assert aws_iot.mqtt.ending
    for pieces in range(60):
        hoard = None
        try:
            while True:
                hoard = [hoard, None]
        except MemoryError:
            pass
        for _ in range(pieces):
            if hoard:
                following, hoard[0] = hoard[0], None
                hoard = following
        following = None
        try:
            aws_iot.mqtt.ending.delay_ms(0, 0)
        except MemoryError:
            pass
        while hoard:
            following, hoard[0] = hoard[0], None
            hoard = following
        following = None
        gc.collect()
        assert aws_iot.mqtt.ending.delay_ms(0, 0) == 1000
