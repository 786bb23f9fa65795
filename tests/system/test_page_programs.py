"""The programs of README.md, and the one with a job of its own of docs/fota.md, run as they stand."""

import pytest

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
    first, _ = blocks("README.md", "python")
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
    _, calls = blocks("README.md", "python")
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
