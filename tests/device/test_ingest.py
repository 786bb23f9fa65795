"""thing.ingest: a sample goes to one rule, by Basic Ingest, and what AWS would refuse is refused here.

https://docs.aws.amazon.com/iot/latest/developerguide/iot-basic-ingest.html
"""

import test_tls
from samples import raises

from aws_iot import LinkError, Thing


def _thing():
    return Thing("host", "lamp", test_tls._certificate(), test_tls._key())


def _kept(thing):
    """The one publish that waits for a connection."""
    ((_, packet, _, _),) = thing.mqtt.kept
    return bytes(packet)


def test_a_sample_goes_to_the_rule_as_the_things_own():
    thing = _thing()
    thing.ingest("samples", {"t": 21})
    packet = _kept(thing)
    assert b"$aws/rules/samples/dt/lamp/samples" in packet and packet.endswith(b'{"t": 21}')
    assert packet[0] == 0x32  # PUBLISH, QoS 1, not retained


def test_another_topic():
    thing = _thing()
    thing.ingest("samples", b"x", "dt/lamp/door")
    assert b"$aws/rules/samples/dt/lamp/door" in _kept(thing)


def test_the_rule_does_not_count_in_the_limits_of_a_topic():
    longest = "/".join(["a"] * 7 + ["b" * 242])
    assert len(longest) == 256 and longest.count("/") == 7
    _thing().ingest("r" * 128, "", longest)
    for topic, word in ((longest + "b", "256 bytes"), (longest[:-1] + "/", "7 slashes"), ("a/#", "wildcards")):
        assert word in str(raises(ValueError, _thing().ingest, "r", "", topic))


def test_names_that_aws_would_refuse_for_a_rule():
    for rule in ("", "a-b", "a/b", "r" * 129, None):
        raises(ValueError, _thing().ingest, rule, "x")


def test_at_qos_0_it_is_now_or_never():
    raises(LinkError, lambda: _thing().ingest("samples", "x", qos=0))
