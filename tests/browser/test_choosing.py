"""Which things the list shows, and acts on; and what a shadow of a name is: `make browser`."""

import json

import pytest
from playwright.sync_api import expect

from .fleet import report, seen_at_once
from .test_console import lamps, shadow  # noqa: F401  a fixture

pytestmark = pytest.mark.browser
ROWS = "tbody tr"
_INDEX = {"thingIndexingMode": "REGISTRY_AND_SHADOW", "thingConnectivityIndexingMode": "STATUS"}


@pytest.fixture
def grouped(lamps, account, live):  # noqa: F811
    """The list of a fleet whose index is on, with two things in a group, one of them not as it is desired."""
    iot = account.client("iot")
    iot.create_thing_group(thingGroupName="hall")
    for name in ("lamp_0", "lamp_1"):
        iot.add_thing_to_thing_group(thingGroupName="hall", thingName=name)
    payload = json.dumps({"state": {"desired": {"led": "on"}}})
    account.client("iot-data").update_thing_shadow(thingName="lamp_1", payload=payload)
    report(account, "lamp_2", {"heap_free": 81920, "rssi": -61}, "health")
    iot.update_indexing_configuration(thingIndexingConfiguration=_INDEX)
    live.get_by_role("button", name="read the list again").click()
    expect(live.locator(ROWS).filter(has_text="hall")).to_have_count(2)
    return live


def test_the_list_by_state_group_and_difference(grouped):
    expect(grouped.locator(ROWS).filter(has_text="lamp_2")).to_contain_text("-61 dBm")
    _pick(grouped, "online or away", "online")
    expect(grouped.get_by_text("choose all 0 found")).to_be_visible()
    _pick(grouped, "online or away", "away")
    expect(grouped.locator(ROWS)).to_have_count(4)
    _pick(grouped, "group", "hall")
    expect(grouped.locator(ROWS)).to_have_count(2)
    grouped.get_by_role("checkbox", name="not as desired").click()
    expect(grouped.locator(ROWS)).to_have_count(1)
    expect(grouped.locator(ROWS)).to_contain_text("lamp_1")


def test_a_job_for_a_whole_group_is_one_of_the_group(grouped, account):
    _pick(grouped, "group", "hall")
    grouped.get_by_role("button", name="choose all 2 found").click()
    expect(grouped.get_by_text("2 chosen")).to_be_visible()
    grouped.get_by_role("button", name="Start job").click()
    grouped.get_by_role("dialog").get_by_label("job document").fill('{"operation": "reboot"}')
    grouped.get_by_role("button", name="what will this do?").click()
    expect(grouped.get_by_role("dialog")).to_contain_text("for thing group hall (2 things now)")
    expect(grouped.get_by_role("dialog")).to_contain_text('thing job start hall \'{"operation": "reboot"}\' --group')
    assert account.client("iot").list_jobs()["jobs"] == []
    grouped.get_by_role("button", name="do it").click()
    expect(grouped.get_by_text("QUEUED: 2 of 2")).to_be_visible()
    (job,) = account.client("iot").list_jobs()["jobs"]
    (target,) = account.client("iot").describe_job(jobId=job["jobId"])["job"]["targets"]
    assert target.endswith(":thinggroup/hall")


def test_a_named_shadow_live_and_what_this_aws_cannot_tell(lamps, account, console, live):  # noqa: F811
    live.goto(f"http://127.0.0.1:{console.port}/things/lamp_1")
    expect(live.get_by_text("the local AWS does not list named shadows")).to_be_visible()
    report(account, "lamp_1", {"limit": 20}, "climate")
    _pick(live, "shadow", "climate")
    limit = live.locator(ROWS).filter(has_text="limit")
    expect(limit).to_contain_text("20")
    expect(live.get_by_text("version 1, 0 not as desired")).to_be_visible()
    seen_at_once(limit, lambda text: report(account, "lamp_1", {"limit": text}, "climate"))
    live.get_by_role("button", name="edit desired").click()
    live.get_by_role("dialog").get_by_label("JSON").fill('{"limit": 25}')
    live.get_by_role("button", name="what will this do?").click()
    expect(live.get_by_role("dialog")).to_contain_text("thing shadow set lamp_1 '{\"limit\": 25}' --name climate")
    live.get_by_role("button", name="write it").click()
    expect(live.get_by_text(", 1 not as desired")).to_be_visible()
    assert "desired" not in shadow(account, "lamp_1")["state"], "the classic one is as it was"
    live.get_by_role("tab", name="connections").click()
    expect(live.get_by_text("AWS does not tell of connections here")).to_be_visible()


def _pick(page, label: str, option: str) -> None:
    page.get_by_role("combobox", name=label).click()
    page.get_by_role("option", name=option, exact=True).click()
