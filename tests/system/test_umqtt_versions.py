"""Each umqtt.simple that firmware freezes, published or played: as it was, and as the base class of ours."""

import asyncio

import pytest

from tests.harness import broker_packets as mqtt
from tests.harness import program, umqtt_versions
from tests.harness.broker import Broker
from tests.harness.runtimes import Process, Runtime

_PROGRAM = program("system", "umqtt_version")
_ON_TOP = program("system", "umqtt_base")
# the same in all of them
_NAMES = """cb check_msg client_id connect disconnect keepalive lw_msg lw_qos lw_retain lw_topic pid ping port pswd
publish server set_callback set_last_will sock ssl subscribe user wait_msg""".split()
_MORE = {
    "1.3.4": ["ssl_params"],
    "1.4.0": [],
    "1.6.0": ["ssl_params"],
    "1.7.0": ["ssl_params", "unsubscribe"],
    "1.8.0": ["ssl_params", "unsubscribe"],
}
# What our class leaves to the base class: calls that set attributes which each version has, and do nothing else.
_INHERITED = {"set_callback", "set_last_will"}


@pytest.fixture(params=["cpython", "mp64", "mp32"])
def name(request):
    return request.param


@pytest.fixture(params=umqtt_versions.VERSIONS)
def version(request):
    return request.param


def _events(program, version, name, *wanted):
    """The values of these events of the program, and the broker that it talked to."""

    async def run():
        async with Broker() as broker:
            with Process(Runtime(name, version), program, "127.0.0.1", broker.port, "still") as device:
                return [(await asyncio.to_thread(device.expect, each))["value"] for each in wanted], broker

    return asyncio.run(run())


def test_it_has_that_versions_names_and_carries_a_message(version, name):
    (names, params, messages), broker = _events(_PROGRAM, version, name, "names", "ssl_params", "done")
    assert names == sorted(_NAMES + _MORE[version])
    assert params == ("ssl_params" in _MORE[version])
    assert messages == ["to itself"]
    assert len(broker.links[0].sent(mqtt.UNSUBSCRIBE)) == ("unsubscribe" in _MORE[version])
    assert not broker.violations


def test_nothing_of_the_base_class_hides_ours_or_gets_at_the_connection(version, name):
    """Its public names are ours or inherited on purpose; what it has beside them finds no stream to read or write."""
    (base, ours, lent, connects), broker = _events(_ON_TOP, version, name, "base", "ours", "lent", "done")
    assert {each for each in base if not each.startswith("_")} == _INHERITED | set(base) & set(ours)
    assert set(base) & set(lent) <= set(ours)  # an inherited name wins over __getattr__, which lends these
    assert connects == 1
    packets = broker.links[0].packets
    assert [packet.kind for packet in packets] == [mqtt.CONNECT, mqtt.SUBSCRIBE, mqtt.UNSUBSCRIBE, mqtt.PUBLISH]
    assert not broker.violations
