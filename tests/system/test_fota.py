"""Firmware over the air through MiniStack: jobs over MQTT, files over HTTP from presigned URLs, policies enforced.

MiniStack's S3 speaks plain HTTP: what comes over it is trusted for its signature. HTTPS is in test_https.py.
"""

import functools
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.harness.ministack import REGION

from . import fota
from .conftest import ministack_site
from .fota import Board, image


@pytest.fixture
def configuration(ministack, name, tmp_path):
    return ministack_site(ministack).project(tmp_path, name)


@pytest.fixture
def board(boards, configuration):
    """Makes the board: board(**settings)."""
    return functools.partial(boards, configuration)


def test_application_is_updated(board, rollouts, name, application):
    device = board()
    job = rollouts.update(f"{name}-1", application(more={"lib/data.bin": bytes(range(256)) * 200}))
    assert device.run(lambda: rollouts.outcome(job)) == ("SUCCEEDED", {"version": "2.0.0"})
    assert device.versions() == ["1.0.0", "2.0.0"]
    assert device.told("start") == device.told("done") == device.told("confirmed") == ["2.0.0"]
    assert device.told("progress")[-1] == 100 and len(device.told("progress")) > 10
    assert device.told("erase") == ["pending", "done"]
    assert (device.folder / "fota/a/lib/data.bin").read_bytes() == bytes(range(256)) * 200


def test_one_call_deals_with_all_jobs_as_in_zerynth(board, rollouts, name, application):
    device = board(zerynth=True)
    other = rollouts.job(f"{name}-0", {"operation": "blink"})
    job = rollouts.update(f"{name}-1", application())
    assert device.run(lambda: rollouts.outcome(job)) == ("SUCCEEDED", {"version": "2.0.0"})
    assert rollouts.outcome(other)[0] == "SUCCEEDED"
    assert device.versions() == ["1.0.0", "2.0.0"]
    assert device.told("start") == device.told("done") == device.told("confirmed") == ["2.0.0"]


def test_one_call_tells_that_the_new_version_was_no_good(board, rollouts, name, application):
    device = board(zerynth=True)
    job = rollouts.update(f"{name}-1", application(behaviour="raise"))
    status, details = device.run(lambda: rollouts.outcome(job))
    assert status == "FAILED" and details["reason"].startswith("rolled back"), details
    assert device.versions()[-1] == "1.0.0" and "2.0.0" in device.versions()


@pytest.mark.parametrize("zerynth", [False, True])
def test_wrong_image_leaves_nothing_to_the_next(board, rollouts, name, application, zerynth):
    device = board(zerynth=zerynth)
    bad = rollouts.update(f"{name}-1", application(), sha256="0" * 64)
    good = rollouts.update(f"{name}-2", application("3.0.0"), "3.0.0")
    assert device.run(lambda: rollouts.outcome(good)) == ("SUCCEEDED", {"version": "3.0.0"})
    assert rollouts.outcome(bad)[0] == "FAILED"


def test_image_is_updated(board, rollouts, name):
    device = board(kind="image")
    job = rollouts.update(f"{name}-1", image(), board="esp32")
    assert device.run(lambda: rollouts.outcome(job)) == ("SUCCEEDED", {"version": "2.0.0"})
    assert device.versions() == ["1.0.0", "2.0.0"]


def _thing(ministack, *words, **options) -> subprocess.Popen:
    """The command `thing`, running as a user's."""
    environment = {
        **{key: value for key, value in os.environ.items() if not key.startswith(("AWS_", "THING_"))},
        "AWS_ENDPOINT_URL": ministack.url, "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": REGION,
    }  # fmt: skip
    command = [Path(sys.executable).with_name("thing"), *map(str, words)]
    return subprocess.Popen(command, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


@pytest.mark.runtimes("mp32")
def test_command_updates_a_board(ministack, runtime, configuration, rollouts, name, tmp_path):
    """From fota-keygen to --watch, which ends when the board's new version has confirmed."""
    key, folder = tmp_path / "own.key", tmp_path / "application"
    assert _thing(ministack, "fota-keygen", key).wait() == 0
    folder.mkdir()
    text = fota.APPLICATION.read_text()
    (folder / "app.py").write_text(re.sub('VERSION = ".*"', 'VERSION = "2.0.0"', text))
    (folder / "data").mkdir()
    (folder / "data" / "table.bin").write_bytes(bytes(range(256)) * 100)
    device = Board(runtime, tmp_path / "flash", configuration, key)
    words = (name, folder, fota.BUCKET, fota.ROLE, "--sign", key, "--watch")
    with _thing(ministack, "iot-fota-start", *words) as command:
        try:
            device.run(lambda: command.poll() is not None)
        finally:
            device.power_off()
            command.kill()
        said = command.stdout.read().splitlines()
    assert (command.returncode, said[-1]) == (0, f"{name}: SUCCEEDED 2.0.0"), said
    assert "bytes, signed" in said[0]
    # which of them it saw is a matter of when it looked
    assert all(re.fullmatch(f"{name}: (QUEUED|IN_PROGRESS( [0-9]+%)?)", line) for line in said[1:-1]), said
    assert device.versions() == ["1.0.0", "2.0.0"]
    assert device.told("confirmed") == ["2.0.0"]
    assert (device.folder / "fota/a/data/table.bin").read_bytes() == bytes(range(256)) * 100
