"""Policies as AWS enforces them: it closes the connection and gives no reason. The device names the likely one."""

import json
import time

import pytest

from .conftest import ministack_site


@pytest.fixture
def cloud(ministack):
    return ministack.client("iot-data")


def causes(device) -> list:
    return [event["value"] for event in device.events if event["event"] == "disconnected"]


def test_a_thing_whose_policy_denies_connecting_is_told_so(ministack, devices, name, tmp_path):
    site = ministack_site(ministack)
    configuration = site.project(tmp_path, name)
    conf = json.loads(configuration.read_text())
    conf["mqttid"] = name + "-other"  # the policy allows the thing's own name only
    configuration.write_text(json.dumps(conf))
    device = devices(configuration, ready=False)
    cause = device.expect("disconnected")["value"]
    assert "iot:Connect" in cause
    assert "certificate" in cause


def test_a_denied_publish_is_parked_and_the_rest_goes_on(ministack, devices, name, tmp_path, cloud):
    device = devices(ministack_site(ministack).project(tmp_path, name))
    device.ask("thing.on_error(lambda error: emit('failed', text=str(error)))")
    device.ask("thing.publish('not/mine', 'x', qos=1)")
    assert "not/mine" in device.expect("failed", 30)["text"]
    assert "iot:Publish" in causes(device)[0]
    device.ask("thing.update_shadow({'alive': True})")
    device.ask("until(settled, 30000)", 35)
    device.expect("puback", 20)
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        try:
            found = json.loads(cloud.get_thing_shadow(thingName=name)["payload"].read())
            break
        except cloud.exceptions.ResourceNotFoundException:
            time.sleep(0.1)
    assert found["state"]["reported"] == {"alive": True}


def test_a_denied_subscription_is_named_and_given_up(ministack, devices, name, tmp_path):
    device = devices(ministack_site(ministack).project(tmp_path, name))
    device.ask("thing.on_error(lambda error: emit('failed', text=str(error)))")
    device.ask("thing.subscribe('not/mine', hear)", 40)
    assert "not/mine" in device.expect("failed", 30)["text"]
    device.ask("until(lambda: thing.mqtt.ready, 20000)", 25)


def test_a_certificate_made_inactive_ends_the_connection_with_that_cause(ministack, devices, name, tmp_path):
    site = ministack_site(ministack)
    things = {}

    def identify(thing_name):
        things[thing_name] = ministack.make_thing(thing_name)
        return things[thing_name].certificate, things[thing_name].key

    site.identify = identify
    device = devices(site.project(tmp_path, name))
    iot = ministack.client("iot")
    iot.update_certificate(certificateId=things[name].certificate_id, newStatus="INACTIVE")
    device.ask("thing.publish('dt/%s/up' % thing.thingname, 'x', qos=1)")
    device.expect("disconnected", 15)
    cause = device.expect("disconnected", 20)["value"]
    assert "certificate" in cause
    iot.update_certificate(certificateId=things[name].certificate_id, newStatus="ACTIVE")
    device.expect("ready", 40)
