"""A Thing behind another door: what it takes, and what is said of what is missing."""

from peer import Peer
from samples import raises

import aws_iot.mqtt.control as control
from aws_iot import StateError, Thing
from aws_iot.mqtt.packet import publish
from aws_iot.web import gateway_packets

_ENDPOINT = "a1b2c3-ats.iot.eu-west-1.amazonaws.com"


def _keys():
    return "AK", "secret", None


def _wrong(**options):
    return str(raises(ValueError, lambda: Thing(options.pop("endpoint", _ENDPOINT), "c", **options)))


def test_the_region_is_the_endpoints():
    thing = Thing(_ENDPOINT, "c", door="wss", keys=_keys)
    context = thing.mqtt.context
    assert (context.region, context.host, thing.mqtt.port) == ("eu-west-1", _ENDPOINT, 443)
    assert context.keys is _keys
    thing = Thing("127.0.0.1", "c", door="wss", keys=_keys, region="us-east-1", host="iot.lan", port=8444)
    context = thing.mqtt.context
    assert (context.region, context.host, thing.mqtt.port) == ("us-east-1", "iot.lan", 8444)
    assert context.client is thing.mqtt


def test_what_no_door_is():
    assert _wrong(door="ws", keys=_keys) == "door: mqtt or wss or https or https-sigv4, not 'ws'"
    assert _wrong(door="https-sigv4").startswith("keys: a function that gives")
    assert _wrong(door="https") == _wrong()
    assert _wrong(door="wss").startswith("keys: a function that gives (access key id, secret")
    assert _wrong(door="wss", keys=("AK", "secret", None)).startswith("keys: a function")
    assert _wrong(door="wss", keys=_keys, endpoint="iot.example.com").startswith("region name: ")
    assert _wrong(door="wss", keys=_keys, region=7).startswith("region name: ")
    assert _wrong(door="wss", keys=_keys, host="https://x").startswith("host: a host name")
    alias = {"role_alias": "a", "credentials": "c.credentials.iot.eu-west-1.amazonaws.com"}
    for door in ("wss", "https-sigv4"):
        assert _wrong(door=door, **alias).startswith("certificate and key: ")
    assert _wrong(door="wss", role_alias="a", certificate="c", key="k").startswith("role_alias and credentials: both")
    assert _wrong().startswith("certificate and key: ")
    assert _wrong(door="mqtt").startswith("certificate and key: ")


def test_https_with_keys_is_signed_for_the_endpoints_region():
    thing = Thing(_ENDPOINT, "c", door="https-sigv4", keys=_keys, poll_ms=5000)
    context = thing.mqtt.context
    assert (context.region, context.host, thing.mqtt.port, context.poll_ms) == ("eu-west-1", _ENDPOINT, 443, 5000)
    assert Thing(_ENDPOINT, "c", door="https-sigv4", keys=_keys).mqtt.context.poll_ms == 60000


def test_by_https_only_shadows_can_be_subscribed_to():
    thing = Thing(_ENDPOINT, "c", door="https-sigv4", keys=_keys)
    thing.on_delta(lambda state: None)
    assert len(thing.mqtt.subs) == 5
    for what in (
        lambda: thing.subscribe("x/y", print),
        lambda: thing.shadow.on_documents(print),
        lambda: thing.mqtt.request("x"),
        lambda: thing.jobs.handle("x", print),
    ):  # fmt: skip
        assert "needs door mqtt or wss" in str(raises(StateError, what))
    assert len(thing.mqtt.subs) == 5
    thing.named_shadow("wing").on_delta(lambda state: None)
    assert len(thing.mqtt.subs) == 10


def test_by_https_there_is_no_last_will():
    class Gateway:
        client = Thing(_ENDPOINT, "c", door="https-sigv4", keys=_keys).mqtt

    packet = control.connect("c", 60, True, (b"t", b"gone", 1, False), None, None)
    _, work = gateway_packets.take(Gateway, memoryview(packet))
    assert "a last will needs MQTT" in str(raises(ValueError, lambda: next(work)))


def test_what_aws_would_refuse_by_https_is_refused_before_a_call():
    """As by MQTT, and the largest or wrong member is named."""
    http = Thing(_ENDPOINT, "c", door="https-sigv4", keys=_keys, limit_bytes=100).http
    for what, words in (
        (lambda: http.update({"a": 1, "long": "x" * 120}), "state: over 100 bytes as JSON, 122 of them in long"),
        (lambda: http.update(desired={"x" * 120: 1}), "state: over 100 bytes as JSON"),
        (lambda: http.update({"a": {"b": float("nan")}}), "a.b: nan is no number in JSON"),
        (lambda: http.update({"a": [b"\xff"]}), "a[0]: it is no UTF-8"),
        (lambda: http.update({"a": {1: 2}}), "a: a name that is no text: 1"),
        (lambda: http.update({"a": object}), "a: type is no JSON"),
        (lambda: http.update([1]), "no JSON object (dict): [1]"),
        (lambda: http.update(), "reported or desired is needed"),
        (lambda: http.update({"a": 1}, name="a b"), "shadow name"),
        (lambda: http.get("a" * 65), "shadow name"),
        (lambda: http.publish("a/#", "x"), "topic: no wildcards"),
        (lambda: http.publish("a", "x" * 131073), "payload: over 128 KB"),
        (lambda: http.publish("a", "x", qos=2), "QoS"),
        (lambda: http.publish("a", 7), "payload: bytes, str, dict or list expected"),
        (lambda: http.publish("a", {"b": float("inf")}), "b: inf is no number in JSON"),
        (lambda: http.get_retained("a/+"), "topic: no wildcards"),
        (lambda: http.request("GET", "/a b"), "path and query: encoded"),
        (lambda: http.request("GET", "/a", "b=c\r\nX: y"), "path and query: encoded"),
        (lambda: http.request("GET", "a"), "path and query: encoded"),
    ):
        said = str(raises(ValueError, what))
        assert words in said, said


class _Gateway:
    """What gateway_packets takes a packet for: its calls are answered with 404, by a server that has no shadow."""

    def __init__(self, client):
        self.client = client
        self.calls = self.connection = self
        self.server, self.port = "peer", 443
        self.keys, self.granted, self.asked_at, self.told, self.out, self.asked = None, [], {}, {}, [], []

    def call(self, method, path, *_):
        self.asked.append(method + " " + path)
        yield None
        return 404, b'{"message":"none"}'

    def say(self, *parts):
        self.out += parts


def test_what_a_program_publishes_to_the_shadows_topics_ends_no_link():
    errors = []
    with Peer() as peer:
        client = peer.client()
        client.on_error(errors.append)
        for topic in ("", "/me", "/me/shadow", "/me/shadow/name/get", "/me/shadow/get", "/me/shadow/update"):
            for payload in (b"", b"no", b"[]", b"7", b'{"clientToken":7}'):
                gateway = _Gateway(client)
                if topic:
                    gateway.granted = ["$aws/things" + topic + "/rejected"]
                packet = publish(("$aws/things" + topic).encode(), payload, 1, False, 5, len(payload))
                for _ in gateway_packets.take(gateway, memoryview(packet))[1]:
                    pass
                assert gateway.out[-1] == b"\x40\2\0\5", topic  # it is taken, and not sent for ever
                assert gateway.asked[0].startswith(("GET", "POST")), gateway.asked
