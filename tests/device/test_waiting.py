"""Callbacks that wait, connect or are interrupted, and memory that lacks once: the engine goes on as if nothing was."""

from cloud import Cloud
from peer import CONNECT, PUBACK, PUBLISH, SUBSCRIBE, UNSUBSCRIBE, Peer
from samples import raises

import aws_iot.mqtt
import aws_iot.mqtt.control
from aws_iot.errors import LinkError, Rejected, StateError
from aws_iot.shadow import Shadow

# -- callbacks that wait


def test_what_came_with_a_message_is_taken_while_its_handler_waits():
    seen = []

    def handler(topic, payload):
        seen.append(payload)
        if payload == b"1":
            client.until(lambda: False, 15000)

    with Peer() as peer:
        client = peer.connected(keepalive=60)
        client.subscribe("t", 1, handler)
        peer.publish("t", b"1", 1)
        peer.publish("t", b"2", 2)
        client.until(lambda: False, 20000)
        assert seen == [b"1", b"2"] and len(peer.packets(PUBACK)) == 2
        assert client.stats["connects"] == 1, client.cause


def test_a_puback_that_came_with_a_message_is_taken_while_its_handler_waits():
    waited = []

    def handler(topic, payload):
        begin = peer.clock.now
        client.until(lambda: not client.kept, 20000)
        waited.append((peer.clock.now - begin) & 0x3FFFFFFF)

    with Peer() as peer:
        client = peer.connected(window=10)
        client.subscribe("t", 1, handler)
        peer.service = lambda topic, payload: peer.publish("t", b"", 1)
        peer.silent = (PUBLISH,)
        pid = client.publish("up", "x", qos=1)
        peer.publish("t", b"", 1)
        peer.say(bytes((0x40, 2, pid >> 8, pid & 255)))
        assert client.until(lambda: len(waited) > 0, 30000)
        assert waited[0] == 0, waited


def test_a_request_that_cannot_be_answered_before_its_callback_returns_fails_at_once():
    # of forty messages that wait, the first ones are let through only one by one
    said = []

    def handler(topic, payload):
        begin = peer.clock.now
        try:
            shadow.get()
        except StateError as error:
            said.append((peer.clock.now - begin, str(error)))

    with Peer() as peer:
        Cloud(peer).desire({"a": 1})
        client = peer.connected(window=10)
        shadow = Shadow(client, "me")
        shadow.get()
        client.subscribe("t", 1, handler)
        for _ in range(40):
            peer.publish("t", b"")
        client.until(lambda: client.stats["received"] >= 40 and not client.later, 10000)
        assert said and all([waited_ms == 0 for waited_ms, _ in said])
        assert "messages wait for this callback" in said[0][1]


def test_a_second_copy_of_a_request_waits_for_its_topics():
    granted = set()

    def track(first, body):
        if first & 0xF0 == CONNECT:
            granted.clear()
        if first & 0xF0 == SUBSCRIBE:
            granted.update(peer.filters()[-1])
        answer(first, body)

    def cut():
        peer.close_link()
        peer.silent = ()
        peer.failing["tcp"] = OSError(113)

    with Peer() as peer:
        cloud = Cloud(peer)
        cloud.desire({"a": 1})
        client = peer.connected(window=10)
        shadow = Shadow(client, "me")
        for number in range(8):
            client.subscribe("t/%d" % number, 1, print)
        shadow.get()
        answer, say = peer._answer, cloud.say
        peer._answer = track
        # a broker forgets a clean session: what is asked for before SUBACK finds nobody
        cloud.say = lambda name, document: cloud.prefix + name in granted and say(name, document)
        peer.silent = (PUBLISH,)
        peer.later(500, cut)
        peer.later(4800, peer.failing.clear)
        assert shadow.get()["state"]["desired"] == {"a": 1}


def test_a_raw_handler_that_publishes():
    for subscription in (("t", 1), ([["t", 1]], 0)):
        _raw_handler_publishes(subscription)


def _raw_handler_publishes(subscription):
    # with a window of one a publish waits: the next message must not come meanwhile, over this one's bytes
    seen, deep = [], [0]

    def handler(topic, payload):
        deep[0] += 1
        assert deep[0] == 1
        before = bytes(payload)
        client.publish("echo", before, qos=1)
        assert payload == before
        seen.append(before)
        deep[0] -= 1

    with Peer() as peer:
        client = peer.connected(window=1)
        client.on_error(seen.append)
        client.subscribe(*subscription, handler, True)
        sent = [b"message %03d" % number for number in range(200)]
        for number, text in enumerate(sent):
            peer.publish("t", text, number + 1)
        assert client.until(lambda: len(seen) == 200, 20000)
        client.until(lambda: not client.kept, 20000)
        assert seen == sent and [entry[1] for entry in peer.published()] == sent


def test_what_tls_holds_is_read_after_a_handler_that_waited():
    # a TLS record has left the socket with its first byte: nothing of it can be polled for
    seen, held = [], [False]

    def handler(topic, payload):
        seen.append(peer.clock.now)
        if len(seen) == 1:
            client.until(lambda: client.stats["received"] > 2, 5000)

    def record():
        for number in range(1, 9):
            peer.publish("t", bytes(100), number)

    def readinto(buffer):
        count = real(buffer)
        held[0] = bool(peer._in)
        return count

    with Peer() as peer:
        real, peer.readinto = peer.readinto, readinto
        peer.readable = lambda: peer.closed or peer._in and not held[0]
        client = peer.connected(window=10)
        client.subscribe("t", 1, handler)
        begin = peer.clock.now
        peer.publish("t", b"", 9)
        peer.later(100, record)
        client.until(lambda: len(seen) == 9, 20000)
        assert len(seen) == 9 and (seen[-1] - begin) & 0x3FFFFFFF < 200


def test_publish_with_a_window_of_one_waits_also_before_suback():
    with Peer() as peer:
        client = peer.client(window=1)
        client.subscribe("a", 1, print)
        client.connect()
        client.publish("t", "last words", qos=1)
        assert peer.published() and not client.kept


# -- callbacks of a loss


def test_on_error_of_a_denial_connects():
    def on_error(error):
        if isinstance(error, Rejected):
            client.connect()
            links.append(client.connected)

    links, events = [], []
    with Peer() as peer:
        client = peer.connected(window=10)
        client.on_error(on_error)
        client.on_event(lambda event, value: events.append(event))
        peer.deny(PUBLISH, b"no")
        client.publish("no", "x", qos=1)
        while not links:
            client.poll(1000)
        assert links == [True] and client.connected and not peer.closed
        assert events == 2 * ["disconnected", "connecting", "connected", "ready"], events


def test_on_error_of_a_denial_polls():
    events = []
    with Peer() as peer:
        client = peer.connected(window=10)
        client.on_error(lambda error: client.poll(0))
        client.on_event(lambda event, value: events.append(event))
        peer.deny(PUBLISH, b"no")
        client.publish("no", "x", qos=1)
        assert client.until(lambda: client.denied, 60000)
        assert events.count("disconnected") == 2 and client.stats["connects"] == 2, events


def test_on_error_of_a_refused_subscription_polls():
    def both(first, body):
        answer(first, body)
        if first & 0xF0 == SUBSCRIBE:
            peer.later(50, peer.publish, "\u00ff\u00ff", b"", 5)  # over the codes in the buffer

    with Peer() as peer:
        client = peer.connected(window=10)
        client.on_error(lambda error: client.poll(100))
        peer.codes = {"a": 128}
        answer, peer._answer = peer._answer, both
        client.subscribe([["a", 1], ["b", 1], ["c", 1]])
        assert [sub[3] for sub in client.subs.values()] == [2, 1, 1]


def test_connect_in_the_disconnected_callback_keeps_the_back_off():
    tries = []

    def tell(event, value):
        if event == "disconnected":
            tries.append(peer.clock.now)
            if len(tries) < 9:
                client.connect()

    with Peer() as peer:
        client = peer.connected()
        client.on_error(lambda error: None)
        client.on_event(tell)
        peer.failing["tcp"] = OSError(113)
        peer.close_link()
        while len(tries) < 9:
            client.poll(1000)
        assert (tries[-1] - tries[0]) & 0x3FFFFFFF > 60000


def test_a_disconnected_callback_polls_within_a_publish():
    def tell(event, value):
        if event == "disconnected":
            client.until(lambda: client.connected, 5000)

    def write(data):
        peer.write = real
        peer.deaf = True
        raise OSError(104)

    with Peer() as peer:
        client = peer.connected()
        client.on_event(tell)
        real, peer.write = peer.write, write
        raises(LinkError, client.publish, "t", "x")


def test_causes():
    with Peer() as peer:
        client = peer.connected()
        client.subscribe("a", 1, print)
        peer.deny(UNSUBSCRIBE, b"a", 1)
        client.unsubscribe("a")
        assert client.cause == "closed by the server after 0 s"
    with Peer() as peer:
        peer.deaf = True
        client = peer.client()
        assert "no answer from peer:1883" in str(raises(LinkError, client.connect, None, 5))
        assert "one CONNECT a second" in str(raises(LinkError, client.connect, None, 0.5))
        client.disconnect()
        assert "disconnect() was called" in str(raises(LinkError, client.request, "t"))


# -- interrupts


def _interrupted(peer):
    """A client whose second attempt was ended by Ctrl-C in the look-up."""
    client = peer.connected()
    peer.close_link()
    client.poll(100)
    peer.failing["dns"] = KeyboardInterrupt()
    raises(KeyboardInterrupt, client.until, lambda: client.connected, 60000)
    peer.failing.clear()
    return client


def test_ctrl_c_in_an_attempt():
    with Peer() as peer:
        client = _interrupted(peer)
        client.poll(2000)
        assert client.cause == "the attempt was interrupted"
        assert client.until(lambda: client.connected, 60000)


def test_a_request_after_ctrl_c_in_an_attempt():
    with Peer() as peer:
        Cloud(peer).desire({"a": 1})
        client = _interrupted(peer)
        assert Shadow(client, "me").get()["state"]["desired"] == {"a": 1}


def test_ctrl_c_while_a_request_waits():
    def interrupt():
        raise KeyboardInterrupt

    with Peer() as peer:
        client = peer.connected()
        peer.later(500, interrupt)
        raises(KeyboardInterrupt, client.request, "t")
        assert not client.requests


def test_ctrl_c_in_a_handler():
    seen = []

    def handler(topic, payload):
        seen.append(payload)
        if payload == b"1":
            raise KeyboardInterrupt

    with Peer() as peer:
        client = peer.connected(keepalive=60)
        client.subscribe("t", 1, handler)
        peer.publish("t", b"1", 1)
        peer.publish("t", b"2", 2)
        raises(KeyboardInterrupt, client.until, lambda: False, 1000)
        client.poll(100)
        assert seen == [b"1", b"2"] and client.stats["connects"] == 1


# -- no memory, once


def _no_memory(after):
    """Fails the SUBSCRIBE after ``after`` more; what it returns undoes that."""
    left, real = [after + 1], aws_iot.mqtt.control.subscribe

    def subscribe(pid, names):
        left[0] -= 1
        if not left[0]:
            raise MemoryError
        return real(pid, names)

    aws_iot.mqtt.control.subscribe = subscribe
    return lambda: setattr(aws_iot.mqtt.control, "subscribe", real)


def test_no_memory_for_the_subscribe_of_a_request():
    with Peer() as peer:
        Cloud(peer).desire({"a": 1})
        client = peer.connected()
        shadow = Shadow(client, "me")
        undo = _no_memory(0)
        try:
            raises(MemoryError, shadow.get)
            assert shadow.get()["state"]["desired"] == {"a": 1}
        finally:
            undo()


def test_no_memory_for_the_second_subscribe_of_many():
    with Peer() as peer:
        client = peer.connected()
        client.on_error(lambda error: None)
        undo = _no_memory(1)
        try:
            client.subscribe([["t/%d" % number, 1] for number in range(12)])
            client.until(lambda: False, 6000)
        finally:
            undo()
        assert client.ready and all([sub[3] == 1 for sub in client.subs.values()])


def test_no_memory_for_the_first_connack():
    def ticks():
        if client.stream and client.stage == "connack" and peer._in == b"" and left:
            left.pop()
            raise MemoryError
        return peer.clock()

    left = [1]
    with Peer() as peer:
        client = peer.client(keepalive=60)
        client.ticks = ticks
        for _ in range(8):
            client.poll(6000)
        assert client.connected and not left
        client.disconnect()


def test_no_memory_after_a_short_write():
    # the packet is completed or the link is lost: the server never takes a damaged one
    left = [1]

    def view(data):
        if left and type(data) is bytearray:
            left.pop()
            raise MemoryError
        return memoryview(data)

    payload = b"0123456789" * 10
    with Peer() as peer:
        client = peer.connected(window=10)
        aws_iot.mqtt.memoryview = view
        try:
            peer.room = 20
            client.publish("t", payload, qos=1)
        finally:
            del aws_iot.mqtt.memoryview
        peer.room = None
        assert client.until(lambda: not client.kept, 5000) and not left
        assert [entry[:2] for entry in peer.published()] == [("t", payload)]


def test_disconnect_without_memory():
    def flush():
        if left:
            left.pop()
            raise MemoryError
        real()

    left = [1]
    with Peer() as peer:
        client = peer.connected()
        real, client.flush = client.flush, flush
        client.disconnect()
        assert client.off and not client.connected and not left


# -- a policy that lacks a response topic


def test_a_policy_without_get_accepted_is_no_reconnect_loop():
    with Peer() as peer:
        cloud = Cloud(peer)
        say = cloud.say
        cloud.say = lambda name, document: name == "get/accepted" or say(name, document)  # nobody is subscribed to it
        cloud.desire({"a": 1})
        peer.deny(SUBSCRIBE, b"get/accepted")
        client = peer.client(window=10, keepalive=60)
        client.on_error(lambda error: None)
        Shadow(client, "me").on_delta(lambda state: None)
        client.until(lambda: False, 3600000)
        assert peer.connections < 30, peer.connections


# -- ticks that wrap: after 12 days on a board, so that six days ago is in the future


def _days(peer, client, count):
    for _ in range(24 * count):
        peer.clock.now = aws_iot.mqtt.ticks_add(peer.clock.now, 3600000)
        client.poll(100)


def test_a_topic_held_back_a_week_ago():
    with Peer() as peer:
        client = peer.connected(window=10)
        client.on_error(lambda error: None)
        peer.deny(PUBLISH, b"t", 2)
        client.publish("t", "x", qos=1)
        assert client.until(lambda: client.denied, 60000)
        peer.failing["tcp"] = OSError(113)
        _days(peer, client, 7)
        peer.failing.clear()
        assert client.until(lambda: not client.kept, 300000)


def test_a_report_throttled_a_week_ago():
    with Peer() as peer:
        cloud = Cloud(peer)
        client = peer.client(window=10)
        shadow = Shadow(client, "me")
        shadow.on_delta(lambda state: None)
        client.connect()
        client.until(lambda: False, 1000)
        cloud.refuse["update"] = (429, "slow down")
        shadow.report({"x": 1})
        assert client.until(lambda: shadow.hold is not None, 1000)
        peer.failing["tcp"] = OSError(113)
        peer.close_link()
        _days(peer, client, 7)
        peer.failing.clear()
        assert client.until(lambda: cloud.reported == {"x": 1}, 300000)


def test_a_publish_of_a_week_ago_is_not_suspected():
    with Peer() as peer:
        client = peer.connected()
        client.publish("t", "x")
        _days(peer, client, 7)
        peer.close_link()
        client.poll(100)
        assert client.cause == "closed by the server after more than a day"


def test_a_link_of_eight_days():
    with Peer() as peer:
        client = peer.connected()
        _days(peer, client, 8)
        peer.close_link()
        client.poll(100)
        assert client.cause == "closed by the server after more than a day"
        assert client.short == 0
