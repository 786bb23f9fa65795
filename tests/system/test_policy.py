"""Policies as AWS enforces them: it closes the connection and gives no reason. The device names the likely one."""

import json

import pytest
from aws_iot_tools.things.policy import OWN_TREE, Additions

from tests.harness.project import write_project
from tests.harness.relay import Relay

from .conftest import ministack_site, reported
from .process import Raised


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
    assert "not/mine" in device.expect("failed")["text"]
    assert "iot:Publish" in causes(device)[0]
    device.ask("thing.update_shadow({'alive': True})")
    reported(cloud, name, {"alive": True})


def test_what_was_added_to_the_policy_may_be_done(ministack, devices, name, tmp_path, cloud):
    """Retained messages, a topic, a filter: `thing policy add`."""
    added = Additions(("alerts/{thing}",), ("alerts/{thing}", OWN_TREE), ("all/+",))
    thing = ministack.make_thing(name, additions=added)
    device = devices(write_project(tmp_path, name, ministack.port, thing.certificate, thing.key, ministack.ca))
    device.ask("thing.subscribe('all/+', hear)")
    for topic in (f"alerts/{name}", f"dt/{name}/status"):
        device.ask(f"thing.publish('{topic}', 'kept', qos=1, retain=True)\nuntil(settled)")
        assert cloud.get_retained_message(topic=topic)["payload"] == b"kept"
    assert not causes(device)


def test_a_denied_subscription_is_found_named_and_given_up(ministack, devices, name, tmp_path):
    device = devices(ministack_site(ministack).project(tmp_path, name))
    with pytest.raises(Raised) as refused:
        device.ask("thing.subscribe('not/mine', hear)", 120)
    assert refused.value.kinds[0] == "Rejected"
    assert "not/mine" in refused.value.text
    device.ask("until(lambda: thing.mqtt.ready)")


def test_a_certificate_made_inactive_while_connected_is_named_as_the_cause(ministack, devices, name, tmp_path):
    iot = ministack.client("iot")
    thing = ministack.make_thing(name)
    # "Within a few minutes of updating a certificate from the ACTIVE state to any other state, AWS IoT disconnects all
    # devices that used that certificate to connect." MiniStack never does, so AWS's disconnecting is played here by a
    # cut of the link; that the certificate is refused from then on, and taken again later, is MiniStack's own doing.
    # https://docs.aws.amazon.com/iot/latest/apireference/API_UpdateCertificate.html
    with Relay(ministack.port) as link:
        device = devices(write_project(tmp_path, name, link.port, thing.certificate, thing.key, ministack.ca))
        iot.update_certificate(certificateId=thing.certificate_id, newStatus="INACTIVE")
        device.ask("until(settled)")
        assert not causes(device), "MiniStack closes the connection by itself now: the cut is not needed any more"
        link.cut()
        device.expect("disconnected")
        link.restore()
        device.expect_that(_blames_the_certificate)
        iot.update_certificate(certificateId=thing.certificate_id, newStatus="ACTIVE")
        device.expect("ready")


def _blames_the_certificate(event: dict) -> bool:
    return event["event"] == "disconnected" and "certificate" in event["value"]
