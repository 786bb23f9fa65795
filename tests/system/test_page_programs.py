"""The programs of README.md, docs/shadows.md, docs/offline.md, docs/sleep.md and docs/from-umqtt.md, and the one with a
job of its own of docs/fota.md, run as they stand.
"""

import time

import pytest

from tests.harness import HANG_S
from tests.harness.pages import blocks

from .conftest import desire, document, ministack_site, reported

pytestmark = pytest.mark.runtimes("mp32")


@pytest.fixture
def start(launch, ministack, name, tmp_path):
    """Starts a page's program in a thing's project; it ends with the test."""
    folder = ministack_site(ministack).project(tmp_path, name).parent

    def run(text: str):
        (folder / "main.py").write_text(text)
        return launch(folder / "main.py", heap="112k", cwd=folder)

    return run


def _prints(process, beginning: str) -> None:
    process.expect_that(lambda event: event.get("text", "").startswith(beginning), description=beginning)


def test_the_first_program(start, cloud, name):
    (first,) = blocks("README.md", "python")
    process = start(first.text)
    _prints(process, "connected False")
    _prints(process, "ready")
    _prints(process, "puback")
    reported(cloud, name, {"publish_period": 1000})
    desire(cloud, name, {"publish_period": 2000})
    reported(cloud, name, {"publish_period": 2000})
    desire(cloud, name, {"publish_period": "often"})
    desire(cloud, name, {"publish_period": 3000})
    reported(cloud, name, {"publish_period": 3000})


def test_the_calls_of_a_shadow(start, cloud, name):
    (calls,) = blocks("docs/shadows.md", "python shadows")
    process = start(calls.text)
    reported(cloud, name, {"led": "on"})
    assert document(cloud, name)["version"] == 2
    desire(cloud, name, {"unit": "C"}, "settings")
    reported(cloud, name, {"unit": "C"}, "settings")
    cloud.publish(topic=f"cmd/{name}/lamp", qos=1, payload=b"on")
    _prints(process, f"cmd/{name}/lamp b'on'")


def test_a_job_of_one_s_own(start, create, outcome, name):
    (program,) = blocks("docs/fota.md", "python jobs")
    job_id = create(f"blink-{name}", {"operation": "blink"})
    process = start(program.text)
    for step in range(10):
        _prints(process, f"led {step % 2}")
    status, details = outcome(job_id)
    assert (status, details["lamp"]) == ("SUCCEEDED", "ok")


def test_samples_that_wait_for_room(start, cloud, name):
    (program,) = blocks("docs/offline.md", "python offline")
    process = start(program.text)
    _prints(process, "ready")
    _prints(process, "puback")
    _prints(process, "puback")


def test_the_session_of_a_sleeper(start, cloud, name):
    (program,) = blocks("docs/sleep.md", "python sleep")
    cloud.update_thing_shadow(thingName=name, payload=b'{"state": {"desired": {"period_s": 60}}}')
    process = start(program.text)
    _prints(process, "desired: {'period_s': 60}")
    _prints(process, "reported, version 2")
    assert process.wait() == 0
    assert document(cloud, name)["state"]["reported"] == {"battery_mv": 3900}


def test_a_program_for_umqtt(start, cloud, name):
    (program,) = blocks("docs/from-umqtt.md", "python umqtt")
    process = start(program.text)
    until = time.monotonic() + HANG_S
    while not any(event.get("text", "").startswith("got") for event in process.events):
        assert time.monotonic() < until
        cloud.publish(topic=f"cmd/{name}/led", qos=1, payload=b"on")
        process.settle(0.5)
    _prints(process, f"got b'cmd/{name}/led' b'on'")
