"""thing.mqtt.loop(): a thread that drives the thing in the background, while other threads of the program use it."""

import functools
import json
import re

import pytest

from tests.harness import program
from tests.harness.observer import Observer

from .conftest import ministack_site, mosquitto_site, reported

_PROGRAM = program("system", "loop")
_COUNT = 30  # as in the program


@pytest.fixture
def start(launch):
    """Starts a scenario of the program for a thing; it ends with the test."""
    return functools.partial(launch, _PROGRAM, heap="160k")


@pytest.fixture
def site(mosquitto_tls12):
    return mosquitto_site(mosquitto_tls12)


@pytest.fixture
def observer(mosquitto_tls12, name):
    with Observer(mosquitto_tls12.plain_port, f"dt/{name}/#", client_id=name + "-o") as observer:
        yield observer


def _ends_well(process) -> None:
    assert process.expect("done")["errors"] == []
    assert process.wait() == 0


def _numbers(observer, topic: str) -> list:
    return sorted(int(message.payload) for message in observer.all() if message.topic == topic)


def test_threads_publish_subscribe_and_give_back(site, observer, start, name, tmp_path):
    _ends_well(start(site.project(tmp_path, name), "publish_and_subscribe"))
    for number in range(2):
        assert _numbers(observer, f"dt/{name}/{number}") == list(range(_COUNT))


def test_a_thread_awaits_answers_while_others_report_and_publish(ministack, start, name, tmp_path):
    _ends_well(start(ministack_site(ministack).project(tmp_path, name), "request_and_publish"))
    last = _COUNT - 1
    reported(ministack.client("iot-data"), name, {"asked": last, "told": last})


@pytest.mark.parametrize("scenario", ["connect_again", "connect_again_without_loop"])
def test_after_disconnect_and_connect_it_is_driven_again(site, observer, start, name, tmp_path, scenario):
    _ends_well(start(site.project(tmp_path, name), scenario))
    assert _numbers(observer, f"dt/{name}/0") == [0, 1, 2]


def test_a_thread_disconnects_while_others_publish(site, observer, start, name, tmp_path):
    _ends_well(start(site.project(tmp_path, name), "leave_while_busy"))
    assert set(_numbers(observer, f"dt/{name}/0")) == set(range(_COUNT))


def test_health_and_what_threads_write_are_told_by_the_thread(site, mosquitto_tls12, start, name, tmp_path):
    """Nothing that was written is sent twice, and what is not sent is counted."""
    health = f"$aws/things/{name}/shadow/name/health/update"
    port, log = mosquitto_tls12.plain_port, f"dt/{name}/log"
    with Observer(port, log, health, client_id=f"{name}-c") as observer:
        process = start(site.project(tmp_path, name), "care")
        lost = process.expect("written")["lost"]
        _ends_well(process)
        assert json.loads(observer.expect(health).payload)["state"]["reported"]["version"] == "1.2.0"
        told = b"".join(message.payload for message in observer.all() if message.topic == log)
    counts = re.findall(rb"\[(\d+) bytes lost\]\n", told)
    came = len(re.sub(rb"\[\d+ bytes lost\]\n", b"", told))
    assert came and came + sum(map(int, counts)) + lost == 2 * (len("end\n") + sum(len(f"0 {n}\n") for n in range(300)))


def test_jobs_made_after_loop_are_driven_by_it(ministack, start, name, tmp_path):
    iot = ministack.client("iot")
    process = start(ministack_site(ministack).project(tmp_path, name), "run_jobs")
    process.expect("waiting")
    arn = iot.describe_thing(thingName=name)["thingArn"]
    iot.create_job(jobId=name, targets=[arn], document=json.dumps({"operation": "blink"}))
    _ends_well(process)
    assert iot.describe_job_execution(jobId=name, thingName=name)["execution"]["status"] == "SUCCEEDED"
