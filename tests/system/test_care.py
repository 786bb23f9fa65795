"""What a board tells of itself, against the local AWS: its health, its crashes, what it prints."""

import json

import pytest

from tests.harness.observer import Observer
from tests.harness.pages import blocks

from .care import health
from .conftest import ministack_site, mosquitto_site


def test_the_program_of_the_page_tells_after_a_crash(runtime, launch, ministack, cloud, name, tmp_path):
    """As the page has it, but that the loop ends by an exception."""
    folder = ministack_site(ministack).project(tmp_path, name).parent
    (program,) = blocks("docs/health.md", "python")
    (folder / "main.py").write_text(program.text.replace("loop_forever()", "loop_for_ever()"))
    crashed = launch(folder / "main.py", heap="112k", cwd=folder)
    assert crashed.wait() and "loop_for_ever" in crashed.report()
    (folder / "main.py").write_text(program.text)
    launch(folder / "main.py", heap="112k", cwd=folder)
    told = health(cloud, name, resets=2)
    assert told["crashes"] == 1 and "loop_for_ever" in told["crash"] and told["version"] == "1.2.0"
    assert ("heap_free" in told) is bool(runtime.bits) and "rssi" not in told, "what is not known is not there"


def test_a_link_that_was_lost_is_told_with_its_cause(devices, ministack, cloud, name, tmp_path):
    configuration = ministack_site(ministack).project(tmp_path, name)
    device = devices(configuration, sleepless=True)
    device.ask("health = thing.health('1', path=None)")
    told = health(cloud, name, connects=1)
    assert "cause" not in told and "resets" not in told
    device.ask("health.due_s = -1000; thing.mqtt.hang_up(); thing.mqtt.lost(OSError(104))")
    device.expect("ready")
    assert "closed" in health(cloud, name, connects=2)["cause"]


def test_what_is_written_comes_over_the_broker(devices, mosquitto, name, tmp_path):
    """While a link is there, and what was written without one."""
    configuration = mosquitto_site(mosquitto).project(tmp_path, name)
    with Observer(mosquitto.plain_port, f"dt/{name}/log", client_id=f"log-{name}") as observer:
        device = devices(configuration)
        device.ask("log = thing.log(period_s=0.1)")
        device.ask("print('hello', 1, file=log)")
        assert observer.expect(f"dt/{name}/log").payload == b"hello 1\n"
        device.ask("thing.disconnect()")
        device.ask("log.write('offline\\n')")
        device.ask("thing.connect()")
        assert observer.expect(f"dt/{name}/log").payload == b"offline\n"


@pytest.mark.runtimes("mp32")
def test_health_and_log_in_a_small_heap(launch, ministack, cloud, name, tmp_path):
    """With a delta handler; 44 KB are enough, and 40 for a program that only has that and reports."""
    folder = ministack_site(ministack).project(tmp_path, name).parent
    (program,) = blocks("docs/health.md", "python")
    (folder / "main.py").write_text(program.text.replace("with", "thing.on_delta(lambda state: state)\nwith"))
    process = launch(folder / "main.py", heap="48k", cwd=folder)
    told = health(cloud, name, resets=1)
    assert told["heap_free"] > 0, json.dumps(told)
    assert not process.ended
