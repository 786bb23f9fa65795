"""An hour's worth of deltas by a clock that each of them moves: the heap stays flat."""

import json

import pytest

from tests.harness.observer import Observer

from .conftest import mosquitto_site

_DELTAS = 3600  # one a second for an hour
_WARM_UP = 200
_NOISE_BYTES = 64  # a number that got longer; a leak of one block per delta would be 57,600


@pytest.mark.runtimes("mp32")
def test_an_hour_of_deltas_leaves_the_heap_flat(mosquitto_tls12, devices, name, tmp_path):
    update = f"$aws/things/{name}/shadow/update"
    device = devices(mosquitto_site(mosquitto_tls12).project(tmp_path, name), heap="64k")
    # The device's clock gains a second with each delta; its pings come as they would in an hour.
    device.ask(
        "import time\n"
        "clock = [0]\n"
        "thing.disconnect()\n"
        "thing.mqtt.ticks = lambda: time.ticks_add(time.ticks_ms(), clock[0])\n"
        "def delta(state):\n"
        " clock[0] += 1000\n"
        " return state\n"
        "thing.on_shadow_request(delta)\n"
        "thing.connect()\n"
        "thing.mqtt.until(lambda: thing.mqtt.ready)"  # the deltas come at QoS 0
    )
    in_use = []
    with Observer(mosquitto_tls12.plain_port, update, client_id=name + "-cloud") as cloud:
        for number in range(1, _WARM_UP + _DELTAS + 1):
            document = {"version": number, "timestamp": 1700000000 + number, "state": {"n": number}}
            cloud.publish(update + "/delta", json.dumps(document), qos=0)
            cloud.expect(update)
            if number >= _WARM_UP and (number - _WARM_UP) % 600 == 0:
                in_use.append(device.ask("heap()"))
    assert device.ask("thing.stats['connects']") == 2  # the one at the start, and the one by that clock
    # of two the better: what a conservative collector takes for a pointer once is no leak
    assert min(in_use[-2:]) <= min(in_use[:2]) + _NOISE_BYTES, in_use
