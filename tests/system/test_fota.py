"""Firmware over the air through MiniStack: jobs over MQTT, files over HTTP from presigned URLs, policies enforced.

MiniStack's S3 speaks plain HTTP: what comes over it is trusted for its signature. HTTPS is in test_https.py.
"""

import functools

import pytest
from aws_iot_tools import firmware

from . import fota
from .conftest import ministack_site
from .fota import Board, Cloud, image


@pytest.fixture(scope="session")
def key(tmp_path_factory):
    return firmware.new_key(tmp_path_factory.mktemp("keys") / "firmware.key")[0]


@pytest.fixture
def configuration(ministack, name, tmp_path):
    return ministack_site(ministack).project(tmp_path, name)


@pytest.fixture
def cloud(ministack, name, key):
    return Cloud(ministack, name, key)


@pytest.fixture
def board(runtime, configuration, key, tmp_path):
    """Makes the board: board(**settings)."""
    made = []

    def make(**settings):
        made.append(Board(runtime, tmp_path / "flash", configuration, key, **settings))
        return made[0]

    yield make
    for each in made:
        each.power_off()


@pytest.fixture
def application(runtime):
    """Makes bundles of the application, compiled for MicroPython."""
    return functools.partial(fota.application, compiled=bool(runtime.bits))


def test_application_is_updated(board, cloud, name, application):
    device = board()
    job = cloud.update(f"{name}-1", application(more={"lib/data.bin": bytes(range(256)) * 200}))
    assert device.run(lambda: cloud.outcome(job)) == ("SUCCEEDED", {"version": "2.0.0"})
    assert device.versions() == ["1.0.0", "2.0.0"]
    assert device.told("start") == device.told("done") == device.told("confirmed") == ["2.0.0"]
    assert device.told("progress")[-1] == 100 and len(device.told("progress")) > 10
    assert device.told("erase") == ["pending", "done"]
    assert (device.folder / "fota/a/lib/data.bin").read_bytes() == bytes(range(256)) * 200


def test_one_call_deals_with_all_jobs_as_in_zerynth(board, cloud, name, application):
    device = board(zerynth=True)
    other = cloud.job(f"{name}-0", {"operation": "blink"})
    job = cloud.update(f"{name}-1", application())
    assert device.run(lambda: cloud.outcome(job)) == ("SUCCEEDED", {"version": "2.0.0"})
    assert cloud.outcome(other)[0] == "SUCCEEDED"
    assert device.versions() == ["1.0.0", "2.0.0"]
    assert device.told("start") == device.told("done") == device.told("confirmed") == ["2.0.0"]


def test_one_call_tells_that_the_new_version_was_no_good(board, cloud, name, application):
    device = board(zerynth=True)
    job = cloud.update(f"{name}-1", application(behaviour="raise"))
    status, details = device.run(lambda: cloud.outcome(job))
    assert status == "FAILED" and details["reason"].startswith("rolled back"), details
    assert device.versions()[-1] == "1.0.0" and "2.0.0" in device.versions()


@pytest.mark.parametrize("zerynth", [False, True])
def test_wrong_image_leaves_nothing_to_the_next(board, cloud, name, application, zerynth):
    device = board(zerynth=zerynth)
    bad = cloud.update(f"{name}-1", application(), sha256="0" * 64)
    good = cloud.update(f"{name}-2", application("3.0.0"), "3.0.0")
    assert device.run(lambda: cloud.outcome(good)) == ("SUCCEEDED", {"version": "3.0.0"})
    assert cloud.outcome(bad)[0] == "FAILED"


def test_image_is_updated(board, cloud, name):
    device = board(kind="image")
    job = cloud.update(f"{name}-1", image(), board="esp32")
    assert device.run(lambda: cloud.outcome(job)) == ("SUCCEEDED", {"version": "2.0.0"})
    assert device.versions() == ["1.0.0", "2.0.0"]
