"""`thing console` in a real browser: list, search, a live change, an edit. The rest of it is `make browser`."""

import json

import pytest
from playwright.sync_api import expect

from .fleet import report, seen_at_once


@pytest.fixture
def lamps(account):
    for number in range(3):
        account.client("iot").create_thing(thingName=f"lamp_{number}")
    account.client("iot").create_thing(thingName="door")
    report(account, "lamp_1", {"led": "off", "version": "1.2.0"})


def test_from_the_list_to_a_desired_value(lamps, account, page):
    """What a person does first: find a thing, see it change, open it, change it."""
    expect(page.get_by_role("status").filter(has_text="live")).to_be_visible()
    expect(page.locator("tbody tr")).to_have_count(4)
    page.keyboard.press("/")
    expect(page.get_by_label("search")).to_be_focused()  # the server says so: what is typed before goes nowhere
    page.keyboard.type("lamp")
    expect(page.locator("tbody tr")).to_have_count(3)
    expect(page.locator("tbody")).to_contain_text("1.2.0")

    seen_at_once(page.locator("tbody"), lambda text: report(account, "lamp_1", {"version": text}))

    page.get_by_role("link", name="lamp_1").click()
    led = page.locator("tbody tr").filter(has_text="led")
    expect(led).to_contain_text('"off"')
    seen_at_once(led, lambda text: report(account, "lamp_1", {"led": text}))

    page.get_by_role("button", name="edit desired").click()
    text = page.get_by_role("dialog").get_by_label("JSON")
    text.fill('{"led": off}')
    expect(page.get_by_role("alert")).to_contain_text("no valid JSON")
    text.fill('{"led": "off"}')
    page.get_by_role("button", name="what will this do?").click()
    expect(page.get_by_role("dialog")).to_contain_text('thing shadow set lamp_1 \'{"led": "off"}\'')
    assert "desired" not in shadow(account, "lamp_1")["state"], "nothing is written before the second yes"
    page.get_by_role("button", name="write it").click()
    expect(page.get_by_text("written", exact=True)).to_be_visible()
    assert shadow(account, "lamp_1")["state"]["desired"] == {"led": "off"}
    expect(page.get_by_text("1 not as desired")).to_be_visible()


def shadow(account, name: str) -> dict:
    return json.loads(account.client("iot-data").get_thing_shadow(thingName=name)["payload"].read())
