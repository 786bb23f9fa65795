"""AWS that goes away under the console, and comes back: `make browser`."""

import json
import re

import boto3
import pytest
from playwright.sync_api import expect

from ..host.test_cloud import cloud, use  # noqa: F401  a fixture
from .fleet import seen_at_once

pytestmark = pytest.mark.browser


def test_a_cloud_that_was_away_is_found_again(cloud, request):  # noqa: F811
    """Each new connection is signed anew, and what was missed meanwhile is read."""
    cloud.run(*cloud.up)
    cloud.environment.update(use(cloud))
    url = cloud.environment["AWS_ENDPOINT_URL"]
    keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test", "region_name": "us-east-1"}

    def report(version: str) -> None:
        data = boto3.client("iot-data", endpoint_url=url, **keys)
        data.update_thing_shadow(thingName="lamp", payload=json.dumps({"state": {"reported": {"version": version}}}))

    boto3.client("iot", endpoint_url=url, **keys).create_thing(thingName="lamp")
    page = request.getfixturevalue("page")  # now that there is a cloud
    live = page.get_by_role("status").filter(has_text=re.compile("^live$"))
    expect(live).to_be_visible()
    cloud.run("cloud", "down")
    expect(page.get_by_text(re.compile("was lost; connecting again|cannot be reached by MQTT"))).to_be_visible()
    cloud.run(*cloud.up)
    report("2.0.0")
    expect(page.locator("tbody tr")).to_contain_text("2.0.0", timeout=120_000)
    expect(live).to_be_visible(timeout=120_000)
    seen_at_once(page.locator("tbody tr"), report)
