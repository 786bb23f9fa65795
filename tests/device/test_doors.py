"""A Thing behind another door: what it takes, and what is said of what is missing."""

from samples import raises

from aws_iot import Thing

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
    assert _wrong(door="ws", keys=_keys) == "door: mqtt or wss, not 'ws'"
    assert _wrong(door="wss").startswith("keys: a function that gives (access key id, secret")
    assert _wrong(door="wss", keys=("AK", "secret", None)).startswith("keys: a function")
    assert _wrong(door="wss", keys=_keys, endpoint="iot.example.com").startswith("region name: ")
    assert _wrong(door="wss", keys=_keys, region=7).startswith("region name: ")
    assert _wrong(door="wss", keys=_keys, host="https://x").startswith("endpoint: a host name")
    assert _wrong().startswith("certificate and key: ")
    assert _wrong(door="mqtt").startswith("certificate and key: ")
