"""aws_iot.mqtt.outgoing: a publish that is not simple: odd payloads, AWS limits, a full queue, a slow peer."""

import sys
from array import array
from json import loads

from peer import PUBLISH, Peer
from samples import NoMemoryFor, raises
from wire import message, puback

import aws_iot
from aws_iot.errors import LinkError, StateError

_MASK = 0x3FFFFFFF


def _settle(client, duration_ms=1):
    client.until(lambda: False, duration_ms)


def test_payloads():
    with Peer() as peer:
        client = peer.connected(window=10)
        for msg, payload in (
            (b"bytes", b"bytes"), ("text \u00e9", b"text \xc3\xa9"), (b"", b""), ("", b""), (bytearray(b"ba"), b"ba"),
            (memoryview(b"view")[1:], b"iew"), (None, b""),
        ):  # fmt: skip
            for qos in (0, 1):
                client.publish("t", msg, qos=qos)
                assert peer.published()[-1][1] == payload, (msg, peer.published()[-1])
        for document in ({"a": {"b": [1, 2.5, None, True, "\u00e9"]}}, [], {}, [1], {"long": "x" * 3000}, {"short": 1}):
            client.publish("t", document)
            assert loads(peer.published()[-1][1]) == document
        client.publish("t", b"x", True)
        assert peer.published()[-1][3] == 0x31
        assert client.publish("t", b"x") is None


def test_topics_as_bytes_and_text():
    with Peer() as peer:
        client = peer.connected()
        for number in range(20):
            topic = "t/%d/\u00e9" % number
            client.publish(topic, b"1")
            client.publish(topic.encode(), b"2")
            assert [entry[:2] for entry in peer.published()[-2:]] == [(topic, b"1"), (topic, b"2")]


def test_what_aws_refuses_is_not_sent():
    with Peer() as peer:
        client = peer.connected()
        count = len(peer.sent)
        for arguments, words in (
            (("t", b"x", False, 2), "QoS"), (("t", b"x", False, 3), "QoS"), (("t", b"x", False, -1), "QoS"),
            (("", b"x"), "empty"), (("a/+", b"x"), "wildcards"), (("x" * 257, b"x"), "256 bytes"),
            (("a/b/c/d/e/f/g/h/i", b"x"), "7 slashes"), ((None, b"x"), "str or bytes"),
            (("t", 7), "bytes, str, dict or list"), (("t", bytes(20000), False, 1), "queue_bytes"),
        ):  # fmt: skip
            text = str(raises(ValueError, client.publish, *arguments))
            assert words in text, (arguments[0], text)
        assert len(peer.sent) == count
        assert client.kept == []


def test_128_kilobytes_and_no_more():
    with Peer() as peer:
        client = peer.connected()
        data = bytes(131073)
        assert "128 KB" in str(raises(ValueError, client.publish, "t", data))
        assert peer.published() == []
        if sys.implementation.name != "micropython":  # the peer itself would need four times as much
            client.publish("t", data[1:])
            assert len(peer.published()[-1][1]) == 131072


def test_qos_0_needs_a_connection():
    with Peer() as peer:
        client = peer.client()
        raises(LinkError, client.publish, "t", b"x")
        client.connect()
        client.publish("t", b"x")
        peer.close_link()
        _settle(client)
        raises(LinkError, client.publish, "t", b"x")


def test_a_full_queue_raises_and_drops_nothing():
    with Peer() as peer:
        client = peer.client(window=10, queue_bytes=1000, timeout_ms=500)
        peer.failing["tcp"] = OSError(113)
        for _ in range(10):
            client.publish("t", bytes(90), qos=1)
        begin = peer.clock.now
        assert "queue full" in str(raises(StateError, client.publish, "t", bytes(90), False, 1))
        assert (peer.clock.now - begin) & _MASK == 500
        peer.failing.clear()
        assert client.until(lambda: not client.kept, 200000)
        assert len(peer.published()) == 10


def test_a_full_queue_waits_for_room():
    with Peer() as peer:
        client = peer.connected(window=2, queue_bytes=250)
        peer.silent = (PUBLISH,)
        client.publish("t", bytes(100), qos=1)
        client.publish("t", bytes(100), qos=1)
        peer.later(700, peer.say, puback(1))
        begin = peer.clock.now
        client.publish("t", bytes(100), qos=1)
        assert (peer.clock.now - begin) & _MASK == 700


def test_after_a_lost_session_it_is_a_new_message():
    with Peer() as peer:
        client = peer.connected(window=10)
        peer.silent = (PUBLISH,)
        client.publish("t", b"x", qos=1)
        peer.close_link()
        _settle(client)
        peer.silent = ()
        assert client.until(lambda: not client.kept, 200000)
        assert [entry[2:] for entry in peer.published()] == [(1, 0x32), (1, 0x32)]


def test_qos_0_waits_for_a_slow_peer():
    with Peer() as peer:
        client = peer.connected()
        client.subscribe("t", 0, lambda topic, payload: client.publish("answer", {"from": "callback"}, qos=1))
        peer.room = 0
        client.publish("first", {"a": 1})
        peer.publish("t", b"x")
        peer.later(300, setattr, peer, "room", None)
        client.publish("second", {"b": "x" * 100})
        assert client.until(lambda: len(peer.published()) == 3, 1000)
        found = {}
        for topic, payload, _, _ in peer.published():
            found[topic] = loads(payload)
        assert found == {"first": {"a": 1}, "second": {"b": "x" * 100}, "answer": {"from": "callback"}}
        peer.room = 0
        client.publish("third", b"x")
        raises(LinkError, client.publish, "fourth", b"x")  # after timeout_ms


def test_what_is_bytes_already_is_copied_into_the_packet_only():
    with Peer() as peer:
        client = peer.connected(window=10)
        data = bytearray(bytes(range(256)) * 20)
        for msg, payload in (
            (data, data), (memoryview(data), data), (memoryview(data)[7:300], data[7:300]), (bytearray(), b""),
        ):  # fmt: skip
            for qos in (0, 1):
                client.publish("t", msg, qos=qos)
                assert peer.published()[-1][1] == payload
        assert client.scratch.seek(0, 2) == 0  # where all else is written first, and which keeps its size for a while
        items = array("H", [1, 2, 513])
        for msg in (items, memoryview(items), memoryview(items)[:3]):
            client.publish("t", msg)
            assert peer.published()[-1][1] == bytes(items)
        client.publish("t", "text", qos=1)
        assert peer.published()[-1][1] == b"text"


def test_a_peer_that_sends_and_never_reads():
    for timers in (True, False):
        with Peer() as peer:
            client = peer.connected()
            client.subscribe("t", 1, lambda topic, payload: None)
            peer.deaf = True
            most, begin = 0, peer.clock.now
            with NoMemoryFor(aws_iot.mqtt, "timers", 1 if timers else 1000000):
                while client.connected and (peer.clock.now - begin) & _MASK < 30000:
                    peer.say(b"".join([message("t", b"x", pid) for pid in range(1, 50)]))
                    client.poll(0)
                    peer.sleep_ms(10)
                    most = max(most, len(client.out))
            assert most < 200, most
            assert 10000 <= (peer.clock.now - begin) & _MASK < (12500 if timers else 17500)
            assert client.cause == ("no write in time: the network is gone or the server hangs" if timers else _SHORT)
            peer.deaf = False
            assert client.until(lambda client=client: client.ready, 200000)


_SHORT = "no memory in time: free some"


def test_a_heap_that_stays_full_ends_the_link_in_the_time_out():
    with Peer() as peer:
        client = peer.connected(keepalive=20)
        begin = peer.clock.now
        with NoMemoryFor(aws_iot.mqtt, "timers", 5):
            client.until(lambda: not client.connected, 60000)
        assert client.connected  # it was full for a while only
        with NoMemoryFor(aws_iot.mqtt, "timers", 1000000):
            begin = peer.clock.now
            assert client.until(lambda: not client.connected, 60000)
        assert 10000 <= (peer.clock.now - begin) & _MASK < 17000
        assert client.cause == _SHORT
        assert client.until(lambda: client.ready, 200000)
