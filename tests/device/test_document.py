"""aws_iot.document: what AWS would refuse is refused where it is given, by the name of the member."""

from peer import Peer
from samples import raises

import aws_iot.document
from aws_iot.shadow import Shadow

_ITSELF: dict = {}
_ITSELF["m"] = _ITSELF
NO_JSON = (
    float("nan"), float("inf"), float("-inf"), {1, 2}, {1}, frozenset((1,)), object(), object, b"\xff", b"\xed\xa0\x80",
    bytearray(b"a"), range(2), "\ud83d", "a\udc00b", {1: 2}, {None: 1}, {b"a": 1}, {"\ud83d": 1},
)  # fmt: skip
JSON = (
    None, True, False, 0, -1, 1.5, 2**70, 1e300, "", "text", "nan", "{[", "\x01\x7f", "20\u00b0C", "\U0001f600",
    "\ud7a3", b"text", b"\xc3\xa4", [], {}, [1, "a", None], (1, 2), {"a": {"b": [1, {"c": 2}]}},
)  # fmt: skip


def _deep(levels):
    state = {"end": 1}
    for _ in range(levels - 1):
        state = {"m": state}
    return state


def test_no_json_is_named():
    for value in NO_JSON:
        for state in ({"m": value}, {"good": 1, "m": value}):
            assert "m" in str(raises(ValueError, aws_iot.document.verify, state)), value
        text = str(raises(ValueError, aws_iot.document.verify, {"a": {"b": [0, {"m": value}]}}))
        assert text.startswith("a.b[1].m"), text
    assert "itself" in str(raises(ValueError, aws_iot.document.verify, _ITSELF))
    for value in JSON:
        aws_iot.document.verify({"m": value, "n": [value]})


def test_levels_and_bytes_of_a_state():
    with Peer() as peer:
        shadow = Shadow(peer.client(), "me")
        aws_iot.document.state(_deep(8))
        text = str(raises(ValueError, aws_iot.document.state, _deep(9)))
        assert text == "m.m.m.m.m.m.m.m: it has members on more than 8 levels", text
        assert "8 levels" in str(raises(ValueError, aws_iot.document.state, {"l": [[_deep(8)]]}))
        assert [aws_iot.document.levels(value) for value in ({}, {"a": 1}, _deep(8), {"l": [{"a": 1}]})] == [0, 1, 8, 2]
        # {"a":"","b":1} takes 14 bytes
        for letter, size in (("x", 1), ("\u00e4", 2), ("\u20ac", 3)):
            fits = {"a": letter * ((8192 - 14) // size), "b": 1}
            aws_iot.document.limit(fits, 8192)
            fits["a"] += letter
            text = str(raises(ValueError, aws_iot.document.limit, fits, 8192))
            assert text.startswith("state: over 8192 bytes as JSON") and text.endswith(" in a"), text
        Shadow(shadow.client, "me", limit_bytes=30720).report({"a": "x" * 30000})
        for limit in (0, -1, 30721):
            raises(ValueError, Shadow, shadow.client, "me", None, None, None, limit)
        raises(ValueError, aws_iot.document.state, [1])


def test_every_door():
    for online in (True, False):
        with Peer() as peer:
            client = peer.client(window=10)
            if online:
                client.connect()
                client.until(lambda: False, 100)
            shadow = Shadow(client, "me")
            sent, queued = len(peer.published()), client.queued
            bad = [{"m": value} for value in NO_JSON]
            for state in bad:
                text = str(raises(ValueError, client.publish, "t", state, False, 1))
                assert "m" in text, text
                assert "m" in str(raises(ValueError, client.publish, "t", [state], False, 1))
            bad += [{"m": {"m": value}} for value in NO_JSON]
            for state in bad + [{"m": _deep(8)}, {"m": [_deep(8)]}, {"m": "x" * 8200}, {"m": {"x": "\u00e4" * 4100}}]:
                assert "m" in str(raises(ValueError, shadow.report, state)), state
                assert "m" in str(raises(ValueError, shadow.update, state)), state
                assert "m" in str(raises(ValueError, shadow.update, None, state)), state
            # nothing is sent, kept, merged or remembered of it
            assert len(peer.published()) == sent and client.queued == queued and not client.kept
            assert shadow.reported == {} and shadow.pending is None
            for value in JSON:
                shadow.report({"m": value})
                client.publish("t", {"m": value}, qos=1)
                client.until(lambda: False, 1)
            assert client.publish("t", _deep(20), qos=1)


def test_what_cannot_be_sent_is_not_remembered():
    with Peer() as peer:
        client = peer.client(queue_bytes=600)
        shadow = Shadow(client, "me")
        shadow.report({"large": "x" * 700, "good": 1})
        client.connect()
        client.until(lambda: False, 20000)
        assert shadow.reported == {"good": 1}
