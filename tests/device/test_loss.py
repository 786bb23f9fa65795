"""aws_iot.mqtt.loss, cause and ending: who is suspected when AWS closes without a reason, and when to try again."""

from peer import PINGREQ, PUBLISH, SUBSCRIBE, Peer
from samples import NoMemoryFor, raises
from wire import message

import aws_iot
import aws_iot.mqtt
from aws_iot.errors import LinkError, Rejected, StateError

_MASK = 0x3FFFFFFF


def _close(peer, client):
    """The server closes; what the client makes of it."""
    peer.close_link()
    client.poll()
    assert not client.connected
    return client.cause


def test_closed_by_the_server():
    with Peer() as peer:
        client = peer.connected()
        client.until(lambda: False, 42000)
        assert _close(peer, client) == "closed by the server after 42 s"
        client.until(lambda: client.connected, 200000)
        client.until(lambda: False, 31000)
        peer.failing["read"] = OSError(-104)
        client.poll()
        assert client.cause == "closed by the server after 31 s"


def test_another_device_with_this_client_id():
    with Peer() as peer:
        client = peer.client()
        found = []
        for _ in range(4):
            assert client.until(lambda: client.connected, 200000)
            found.append(_close(peer, client))
        assert found[:2] == ["closed by the server after 0 s"] * 2
        assert "does another device use client id me?" in found[2]
        assert "4 times" in found[3]


def test_backoff_grows_until_a_link_proves_itself():
    def delay(peer, client):
        """Time to the next attempt."""
        begin = peer.clock.now
        count = peer.connections
        assert client.until(lambda: peer.connections > count or client.connected, 500000)
        return (peer.clock.now - begin) & _MASK

    longest = []
    for seed in range(1, 12):
        with Peer() as peer:
            peer._seed = seed * 104729
            client = peer.connected()
            delays = []
            for _ in range(7):
                # CONNACK, then cut: that is no proof
                _close(peer, client)
                delays.append(delay(peer, client))
                assert client.until(lambda client=client: client.connected, 500000)
            assert min(delays) >= 1000 and max(delays) < 121000, delays
            longest.append(max(delays))
            client.until(lambda: False, 40000)
            _close(peer, client)
            assert delay(peer, client) < 3000
    assert max(longest) > 16000, longest


def test_denied_publish():
    with Peer() as peer:
        client = peer.connected(window=10)
        errors = []
        client.on_error(errors.append)
        peer.deny(PUBLISH, b"no", 3)
        client.publish("no", "x", qos=1)
        client.publish("also", "y", qos=1)
        client.until(lambda: len(errors) > 0, 60000)
        assert "closed after PUBLISH to no: does the policy allow iot:Publish there?" == client.cause
        assert [error.message for error in errors] == ["publish denied? no"]
        assert isinstance(errors[0], Rejected)
        # the other goes out; the denied one is kept, and tried again after a while
        assert client.until(lambda: client.connected and len(client.kept) == 1, 20000)
        raises(StateError, client.publish, "no", "at QoS 0")
        client.publish("yes", "at QoS 0")
        assert client.until(lambda: not client.kept, 60000)
        assert peer.published()[-1][:2] == ("no", b"x")
        assert peer.connections == 4


def test_denied_publish_does_not_become_a_reconnect_loop():
    with Peer() as peer:
        client = peer.connected(window=10)
        errors = []
        client.on_error(errors.append)
        peer.deny(PUBLISH, b"no")
        client.publish("no", "x", qos=1)
        client.until(lambda: False, 3600000)
        assert peer.connections < 30, peer.connections
        assert len(client.kept) == 1  # accepted is accepted
        client.publish("yes", "y", qos=1)
        assert client.until(lambda: len(client.kept) == 1, 300000)


def test_denied_publish_at_qos_0():
    with Peer() as peer:
        client = peer.connected()
        errors = []
        client.on_error(errors.append)
        peer.deny(PUBLISH, b"no", 3)
        for _ in range(3):
            client.until(lambda: client.connected, 60000)
            client.publish("no", "x")
            client.poll()
            assert "closed after PUBLISH to no" in client.cause
        assert [error.message for error in errors] == ["publish denied? no"]
        client.until(lambda: client.connected, 60000)
        raises(StateError, client.publish, "no", "x")
        client.publish("yes", "x")
        client.until(lambda: False, 6000)
        client.publish("no", "x")


def test_denied_subscribe():
    with Peer() as peer:
        client = peer.connected(window=10)
        errors = []
        client.on_error(errors.append)
        client.subscribe("yes")
        peer.deny(SUBSCRIBE, b"no", 3)
        raises((LinkError, Rejected), client.subscribe, "no")
        assert client.until(lambda: client.ready, 60000)
        assert "closed after SUBSCRIBE to no: does the policy allow iot:Subscribe there?" == client.cause
        assert [error.message for error in errors] == ["subscribe denied? no"]
        assert peer.connections == 4
        client.until(lambda: False, 60000)
        assert peer.filters()[-1] == ["no"]  # asked for again after a while: it may have been the network
        assert client.ready


def test_a_cut_in_between_is_no_denial():
    # once closed after a publish, then acknowledged: not suspected any more
    with Peer() as peer:
        client = peer.connected(window=10)
        errors = []
        client.on_error(errors.append)
        for _ in range(4):
            peer.deny(PUBLISH, b"topic", 1)
            client.publish("topic", "x", qos=1)
            assert client.until(lambda: not client.kept, 200000)
        assert errors == []


def test_each_topic_is_held_back_by_itself():
    # what one topic was denied does not make another wait longer, nor does what it was denied long ago
    with Peer() as peer:
        client = peer.connected(window=10)
        client.on_error(lambda error: None)
        for topic in ("a", "b", "a"):
            peer.deny(PUBLISH, topic.encode(), 2)
            client.publish(topic, "x", qos=1)
            assert client.until(lambda: client.denied, 60000)
            begin = peer.clock.now
            assert client.until(lambda: not client.kept, 100000)
            assert (peer.clock.now - begin) & 0x3FFFFFFF < 36000
            assert client.until(lambda: not client.denied, 70000)


def test_a_publish_of_long_ago_is_not_suspected():
    with Peer() as peer:
        client = peer.connected()
        client.publish("old", "x")
        client.until(lambda: False, 3600000)
        for _ in range(4):
            _close(peer, client)
            assert "old" not in client.cause
            assert client.until(lambda: client.connected, 60000)
        assert not client.denied


def _flap(peer, client, links, lives_ms, topics=("sample",)):
    """The server, or the network, ends ``links`` links after ``lives_ms``; a sample of each topic goes out each second
    of them. -> what publish() raised.
    """
    raised = []
    for _ in range(links):
        assert client.until(lambda: client.connected, 500000)
        begin = peer.clock.now
        while (peer.clock.now - begin) & _MASK < lives_ms:
            for topic in topics:
                try:
                    client.publish(topic, "x")
                except (LinkError, StateError) as error:
                    raised.append(error)
            client.until(lambda: False, min(1000, lives_ms - ((peer.clock.now - begin) & _MASK)))
        _close(peer, client)
    return raised


def test_a_flapping_link_makes_no_topic_suspect_that_worked_on_it():
    for topics in (("sample",), ("temperature", "humidity", b"pressure")):
        with Peer() as peer:
            client = peer.connected()
            errors = []
            client.on_error(errors.append)
            assert _flap(peer, client, 14, 2500, topics=topics) == [] and errors == []
            assert "closed" in client.cause and "PUBLISH" not in client.cause
            assert client.until(lambda client=client: client.connected, 200000)
            for topic in topics:
                client.publish(topic, "good")  # at once
    # a link that ends sooner leaves room for the suspicion, but not for long: nothing of the topic was on the next one
    with Peer() as peer:
        client = peer.connected()
        client.on_error(lambda error: None)
        refused = len(_flap(peer, client, 14, 500))
        assert refused < 8, refused
        assert client.until(lambda: client.connected, 200000)
        client.until(lambda: False, 5000)
        client.publish("sample", "good")


def test_a_flapping_link_does_not_hold_a_message_longer_than_five_seconds():
    for flying in (1, 3):
        with Peer() as peer:
            client = peer.connected(window=10)
            client.on_error(lambda error: None)
            peer.silent = (PUBLISH,)
            for number in range(flying):
                client.publish("t%d" % number, "x", qos=1)
            for _ in range(8):
                assert client.until(lambda client=client: client.connected, 500000)
                client.until(lambda: False, 200)
                _close(peer, client)
            peer.silent = ()
            assert client.until(lambda client=client: client.ready, 500000)
            assert client.until(lambda client=client: not client.kept, 6000), (flying, client.denied)


def test_a_flapping_link_does_not_leave_a_client_deaf():
    with Peer() as peer:
        client = peer.connected(window=10)
        client.on_error(lambda error: None)
        for topic in ("a", "b", "c"):
            client.subscribe(topic)
        peer.silent = (SUBSCRIBE,)
        for _ in range(6):
            _close(peer, client)
            assert client.until(lambda: client.connected, 500000)
            client.until(lambda: False, 200)
        _close(peer, client)
        peer.silent = ()
        assert client.until(lambda: client.ready, 500000)
        assert client.until(lambda: [sub[3] for sub in client.subs.values()] == [1, 1, 1], 6000), client.subs


def test_what_is_denied_is_not_freed_by_other_denials():
    with Peer() as peer:
        client = peer.connected(window=10)
        errors = []
        client.on_error(errors.append)
        peer.deny(PUBLISH, b"no-")
        for name in ("no-1", "no-2", "no-3"):
            client.publish(name, "x", qos=1)
        client.publish("yes", "x", qos=1)
        assert client.until(lambda: len(client.kept) == 3, 300000)
        client.until(lambda: False, 3600000)
        assert peer.connections < 60, peer.connections
        assert {error.message[-4:] for error in errors} == {"no-1", "no-2", "no-3"}


def test_a_retained_publish_has_its_own_permission():
    with Peer() as peer:
        client = peer.connected(window=10)
        client.on_error(lambda error: None)
        peer.deny(PUBLISH, b"no", 2)
        client.publish("no", "x", True, 1)
        assert client.until(lambda: client.denied, 60000)
        assert client.cause.endswith("does the policy allow iot:Publish and iot:RetainPublish there?")


def _without(*names):
    """There is no memory for these files until what it gives is called."""
    all_of_them = [NoMemoryFor(aws_iot.mqtt, name, 1000000) for name in names]
    for each in all_of_them:
        each.__enter__()

    def undo():
        for each in all_of_them:
            each.__exit__()

    return undo


def _minute(peer, client):
    """How often poll() comes back in a minute."""
    begin, count = peer.clock.now, 0
    while (peer.clock.now - begin) & _MASK < 60000:
        client.poll(1000)
        count += 1
    return count


def _lost_without(name):
    with Peer() as peer:
        client = peer.connected(window=10)
        errors, events = [], []
        client.on_error(errors.append)
        client.on_event(lambda event, value: events.append(event))
        peer.silent = (PUBLISH,)
        client.publish("a", "x", qos=1)
        undo = _without(name)
        try:
            peer.failing["read"] = OSError(104)
            client.poll()
            assert not client.connected and client.stream is None
            assert _minute(peer, client) < 200  # it waits for memory, it does not burn the CPU
            assert peer.connections == 1 and events == []
        finally:
            undo()
        peer.silent, peer.failing = (), {}
        assert client.until(lambda: not client.kept, 60000)
        assert errors == [] and not client.denied and client.stats["connects"] == 2
        assert events[:3] == ["disconnected", "connecting", "connected"], events
        # by the time of the loss, not of its telling
        assert "closed after PUBLISH to a" in client.cause and client.short == 1


def test_a_loss_that_there_is_no_memory_for_ends_the_link_and_counts_once():
    for name in ("cause", "loss", "ending"):  # any of the files that are needed may be the one too many
        _lost_without(name)


def test_connect_tells_a_loss_that_waits_for_memory_and_goes_on():
    with Peer() as peer:
        client = peer.connected()
        events = []
        client.on_event(lambda event, value: events.append(event))
        undo = _without("ending")
        try:
            peer.close_link()
            client.poll()
        finally:
            undo()
        assert client.broken and not events
        client.connect()
        assert events == ["disconnected", "connecting", "connected", "ready"], events


class _Unjoinable:
    """Stands in for a packet that there is no memory to join with the next."""

    def __init__(self, data):
        self.data = data

    def __len__(self):
        return len(self.data)

    def __getitem__(self, index):
        return self.data[index]

    def __add__(self, other):
        raise MemoryError


def test_packets_that_there_is_no_memory_to_join_go_out_one_by_one():
    with Peer() as peer:
        client = peer.connected()
        errors = []
        client.on_error(errors.append)
        client.out += [_Unjoinable(message(topic)) for topic in ("a", "b", "c")]
        for _ in range(6):
            client.poll()
        assert [topic for topic, _, _, _ in peer.published()] == ["a", "b", "c"]
        assert client.connected and client.stuck is None and len(errors) <= 2, errors


def test_timers_that_there_is_no_memory_for_are_tried_once_a_second():
    with Peer() as peer:
        client = peer.connected(keepalive=60, timeout_ms=70000)
        errors = []
        client.on_error(errors.append)
        undo = _without("timers")
        try:
            count = _minute(peer, client)
        finally:
            undo()
        assert count < 200 and 0 < len(errors) < 70, (count, len(errors))
        client.until(lambda: False, 3000)
        assert client.connected and peer.packets(PINGREQ)


def test_a_loss_that_there_is_no_memory_to_tell_is_told_before_the_next_attempt():
    left = [1]

    def call(function, *args):
        if args[0] == "disconnected" and left:
            left.pop()
            raise MemoryError
        real(function, *args)

    with Peer() as peer:
        client = peer.connected()
        events = []
        client.on_event(lambda event, value: events.append(event))
        real, client.call = client.call, call
        peer.close_link()
        assert client.until(lambda: len(events) > 2, 60000)
        assert events[:3] == ["disconnected", "connecting", "connected"] and not left, events
