"""What happens when the broker or the link goes away and comes back: nothing that was accepted is lost."""

import itertools
import json

import pytest

from tests.harness.mosquitto import Mosquitto
from tests.harness.observer import Observer
from tests.harness.relay import Relay

from .conftest import Site, mosquitto_site


@pytest.fixture
def broker(tmp_path_factory, authority):
    """A Mosquitto for one test, which stops it."""
    broker = Mosquitto(tmp_path_factory.mktemp("mosquitto"), authority, "1.2").start()
    yield broker
    broker.stop()


def test_a_broker_that_stops_and_starts_gets_all_that_was_accepted(broker, devices, name, tmp_path):
    device = devices(mosquitto_site(broker).project(tmp_path, name))
    device.ask(f"thing.subscribe('{name}/down', hear)")
    broker.stop()
    assert "closed" in device.expect("disconnected")["value"]
    for number in range(20):
        device.ask(f"thing.publish('{name}/up', {{'n': {number}}}, qos=1)")
    device.expect("disconnected")  # an attempt was refused
    broker.start()
    with Observer(broker.plain_port, f"{name}/up") as observer:
        device.expect("ready")
        came = [json.loads(observer.expect(f"{name}/up").payload)["n"] for _ in range(20)]
        assert came == list(range(20))
        observer.publish(f"{name}/down", "subscribed again")
        assert device.expect("message")["payload"] == "subscribed again"


def test_a_cut_link_is_noticed_and_restored(broker, devices, name, tmp_path):
    site = mosquitto_site(broker)
    with Relay(broker.port) as relay, Observer(broker.plain_port, f"{name}/up") as observer:
        device = devices(Site(relay.port, site.ca, site.identify).project(tmp_path, name))
        sent = 0
        for _ in range(2):
            for _ in range(5):
                device.ask(f"thing.publish('{name}/up', '{sent}', qos=1)")
                sent += 1
            relay.cut()
            device.expect("disconnected")
            device.ask(f"thing.publish('{name}/up', '{sent}', qos=1)")
            sent += 1
            relay.restore()
            device.expect("ready")
        wanted = {str(number).encode() for number in range(sent)}
        while wanted:
            wanted.discard(observer.expect(f"{name}/up").payload)
        assert device.ask("thing.stats['connects']") == 3


def test_qos_0_is_refused_and_qos_1_bounded_while_offline(broker, devices, name, tmp_path):
    device = devices(mosquitto_site(broker).project(tmp_path, name), queue_bytes=300, timeout_ms=3000)
    broker.stop()
    device.expect("disconnected")
    kinds = device.ask(
        "def kind(function):\n try:\n  return function()\n except Exception as error:\n  return type(error).__name__\n"
    )
    assert kinds is None
    assert device.ask(f"kind(lambda: thing.publish('{name}/up', b'0'))") == "LinkError"
    answers = [device.ask(f"kind(lambda: thing.publish('{name}/up', b'x' * 90, qos=1))") for _ in range(3)]
    assert [type(answer) for answer in answers] == [int, int, str]
    assert answers[2] == "StateError"


def test_attempts_to_connect_back_off(broker, devices, name, tmp_path):
    device = devices(mosquitto_site(broker).project(tmp_path, name))
    broker.stop()
    device.expect("disconnected")
    at = [device.expect("connecting")["ticks"] for _ in range(4)]  # by the device's clock
    assert all(after - before >= 1000 for before, after in itertools.pairwise(at)), at
