"""aws_iot.mqtt.outgoing: a publish that is not simple: odd payloads, AWS limits, a full queue, a slow peer."""

import sys
from json import loads

from peer import PUBLISH, Peer
from samples import raises
from wire import puback

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
