"""Each umqtt.simple that firmware freezes, published or played: a client that works, with the names that it had."""

import asyncio
from pathlib import Path

import pytest

from tests.harness import broker_packets as mqtt
from tests.harness import umqtt_versions
from tests.harness.broker import Broker
from tests.harness.runtimes import Process, Runtime

_PROGRAM = Path(__file__).with_name("umqtt_version_program.py")
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


@pytest.mark.parametrize("name", ["cpython", "mp64", "mp32"])
@pytest.mark.parametrize("version", umqtt_versions.VERSIONS)
def test_it_has_that_versions_names_and_carries_a_message(version, name):
    async def run():
        async with Broker() as broker:
            with Process(Runtime(name, version), _PROGRAM, "127.0.0.1", broker.port) as device:
                names = await asyncio.to_thread(device.expect, "names")
                params = await asyncio.to_thread(device.expect, "ssl_params")
                done = await asyncio.to_thread(device.expect, "done")
                return names["value"], params["value"], done["value"], broker

    names, params, messages, broker = asyncio.run(run())
    assert names == sorted(_NAMES + _MORE[version])
    assert params == ("ssl_params" in _MORE[version])
    assert messages == ["to itself"]
    assert len(broker.links[0].sent(mqtt.UNSUBSCRIBE)) == ("unsubscribe" in _MORE[version])
    assert not broker.violations
