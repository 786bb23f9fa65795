"""Shadows against the shadow service as MiniStack plays it: directly, and through a Mosquitto that is bridged to it."""


import pytest

from .conftest import desire, document, reported
from .process import Raised


@pytest.fixture
def device(cloud_site, devices, name, tmp_path):
    return devices(cloud_site.project(tmp_path, name))


def reports(device, source: str) -> None:
    """Set a delta callback that says what it got and reports the value of source."""
    device.ask(f"def delta(state):\n emit('delta', state=state)\n return {source}\nthing.on_shadow_request(delta)")


def test_a_desired_value_reaches_the_device_and_is_reported(device, cloud, name):
    reports(device, "state")
    desire(cloud, name, {"period": 7})
    assert device.expect("delta")["state"] == {"period": 7}
    device.expect("puback")
    reported(cloud, name, {"period": 7})


def test_none_reports_nothing_and_an_empty_dict_reports(device, cloud, name):
    reports(device, "None")
    desire(cloud, name, {"a": 1})
    device.expect("delta")
    assert not [event for event in device.settle(0.5) if event["event"] == "puback"]
    reports(device, "{}")
    desire(cloud, name, {"a": 2})
    device.expect("delta")
    device.expect("puback")
    assert "reported" not in document(cloud, name)["state"]


def test_what_was_desired_while_offline_is_fetched_on_connect(device, cloud, name):
    reports(device, "state")
    device.ask("thing.disconnect()")
    desire(cloud, name, {"a": 1})
    device.ask("thing.connect()")
    assert device.expect("delta")["state"] == {"a": 1}
    reported(cloud, name, {"a": 1})


def test_reports_made_offline_merge_into_one(device, cloud, name):
    device.ask("thing.update_shadow({'a': 1, 'b': 1})")
    reported(cloud, name, {"a": 1, "b": 1})
    version = document(cloud, name)["version"]
    device.ask("thing.disconnect()")
    for value in range(2, 30):
        device.ask(f"thing.update_shadow({{'b': {value}, 'c': {{'n{value % 3}': {value}}}}})")
    device.ask("thing.connect()")
    device.expect("ready")
    device.ask("until(settled)")
    reported(cloud, name, {"a": 1, "b": 29, "c": {"n0": 27, "n1": 28, "n2": 29}})
    assert document(cloud, name)["version"] == version + 1


def test_get_update_and_delete_are_answered(device):
    with pytest.raises(Raised) as refused:
        device.ask("thing.shadow.get()")
    assert (refused.value.kinds[0], refused.value.code) == ("Rejected", 404)
    accepted = device.ask("thing.shadow.update(reported={'a': 1}, desired={'a': 2})")
    assert accepted["state"] == {"reported": {"a": 1}, "desired": {"a": 2}}
    found = device.ask("thing.shadow.get()")
    assert found["state"] == {"reported": {"a": 1}, "desired": {"a": 2}, "delta": {"a": 2}}
    assert found["version"] == accepted["version"]
    assert device.ask("thing.shadow.delete()")["version"] == found["version"]


def test_an_update_with_an_old_version_is_a_conflict(device):
    version = device.ask("thing.shadow.update(reported={'a': 1})")["version"]
    assert device.ask(f"thing.shadow.update(reported={{'a': 2}}, version={version})")["version"] == version + 1
    with pytest.raises(Raised) as refused:
        device.ask(f"thing.shadow.update(reported={{'a': 3}}, version={version})")
    assert refused.value.code == 409
    assert "ersion" in refused.value.text


def test_a_named_shadow_is_apart_from_the_classic_one(device, cloud, name):
    device.ask("config = thing.named_shadow('config')\nconfig.on_delta(lambda state: state)")
    reports(device, "state")
    desire(cloud, name, {"limit": 3}, "config")
    reported(cloud, name, {"limit": 3}, "config")
    assert not [event for event in device.settle(0.3) if event["event"] == "delta"]
    assert device.ask("config.get()")["state"]["reported"] == {"limit": 3}


def test_documents_show_the_state_before_and_after(device, cloud, name):
    device.ask("thing.shadow.on_documents(lambda document: emit('documents', document=document))")
    device.ask("thing.update_shadow({'a': 1})")
    first = device.expect("documents")["document"]
    assert first["current"]["state"]["reported"] == {"a": 1}
    device.ask("thing.update_shadow({'a': 2})")
    second = device.expect("documents")["document"]
    assert second["previous"]["state"]["reported"] == {"a": 1}
    assert second["current"]["state"]["reported"] == {"a": 2}


def test_deltas_alone_cost_one_subscription(cloud_site, devices, name, tmp_path, cloud):
    device = devices(cloud_site.project(tmp_path, name), shadow_topics=["update/delta"])
    reports(device, "state")
    assert device.ask("len(thing.mqtt.subs)") == 1
    desire(cloud, name, {"a": 1})
    device.expect("delta")
    reported(cloud, name, {"a": 1})


def test_a_callback_may_ask_the_shadow(device, cloud, name):
    device.ask(
        "def delta(state):\n"
        " found = thing.shadow.get()\n"
        " emit('found', state=found['state'])\n"
        " return state\n"
        "thing.on_shadow_request(delta)"
    )
    desire(cloud, name, {"a": 1})
    assert device.expect("found")["state"]["desired"] == {"a": 1}
    reported(cloud, name, {"a": 1})


def test_a_callback_that_raises_costs_that_message_only(device, cloud, name):
    device.ask("thing.on_error(lambda error: emit('failed', text=str(error)))")
    reports(device, "state['absent']")
    desire(cloud, name, {"a": 1})
    assert "absent" in device.expect("failed")["text"]
    reports(device, "state")
    desire(cloud, name, {"b": 2})
    device.expect("puback")
    assert device.ask("thing.stats['connects']") == 1
