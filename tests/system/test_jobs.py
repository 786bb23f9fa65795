"""AWS IoT Jobs against MiniStack, policies enforced: what a device is told, does and reports."""


import pytest

from tests.harness.observer import Observer

from .conftest import ministack_site, mosquitto_site
from .jobs_service import MosquittoJobs
from .process import Raised


@pytest.fixture
def configuration(ministack, name, tmp_path):
    return ministack_site(ministack).project(tmp_path, name)


def _jobs(devices, configuration, **options):
    device = devices(configuration, **options)
    device.ask("from aws_iot.jobs import Jobs\njobs = Jobs(thing)")
    return device


def test_jobs_are_listed_described_and_updated_as_zerynth_programs_do(configuration, devices, create, outcome, name):
    create(f"{name}-1", {"operation": "blink", "times": 3})
    create(f"{name}-2", {"operation": "blink", "times": 4})
    device = _jobs(devices, configuration)
    assert device.ask("jobs.changed()") is True
    assert device.ask("jobs.changed()") is False
    assert device.ask("[[str(job) for job in part] for part in jobs.list()]") == [
        [], [f"{name}-1@{name}", f"{name}-2@{name}"]
    ]  # fmt: skip
    device.ask("job = jobs.list()[1][0]")
    assert device.ask("job.describe()") is True
    assert device.ask("(job.status, job.version, job.document)") == ["QUEUED", 1, {"operation": "blink", "times": 3}]
    assert device.ask("job.update(job.IN_PROGRESS, {'step': 1})") is True
    assert device.ask("job.update(job.IN_PROGRESS, {'step': 2})") is True
    assert device.ask("[len(part) for part in jobs.list()]") == [1, 1]
    assert device.ask("job.update(job.SUCCEEDED, {'lamp': 'ok'})") is True
    assert device.ask("(job.status, job.version)") == ["SUCCEEDED", 4]
    assert outcome(f"{name}-1") == ("SUCCEEDED", {"lamp": "ok"})


def test_new_job_is_noticed(configuration, devices, create, name):
    device = _jobs(devices, configuration)
    assert device.ask("jobs.changed()") is True
    create(f"{name}-1", {"operation": "x"})
    device.ask("until(jobs.changed)")


def test_refused_update_is_false_and_brings_the_new_state(configuration, devices, create, iot, name):
    create(f"{name}-1", {"operation": "x"})
    device = _jobs(devices, configuration)
    device.ask("job = jobs.start_next({'why': 'test'})\nother = jobs.list()[0][0]")
    assert device.ask("(job.status, job.document)") == ["IN_PROGRESS", {"operation": "x"}]
    assert device.ask("other.describe() and other.update('IN_PROGRESS')") is True
    # the first one's version is behind now
    assert device.ask("job.update('IN_PROGRESS')") is False
    assert device.ask("job.error.code") == "VersionMismatch"
    assert device.ask("job.version == other.version") is True
    iot.cancel_job(jobId=f"{name}-1", force=True)
    assert device.ask("job.update('SUCCEEDED')") is False
    assert device.ask("job.canceled") is True


def test_nothing_pending_is_none(configuration, devices):
    device = _jobs(devices, configuration)
    assert device.ask("jobs.start_next()") is None
    assert device.ask("jobs.list()") == [[], []]


def test_unknown_job_cannot_be_described(configuration, devices):
    device = _jobs(devices, configuration)
    assert device.ask("from aws_iot.jobs.job import Job\nnone = Job(thing, 'none')") is None
    assert device.ask("none.describe()") is False
    assert device.ask("none.canceled") is True


def test_handlers_end_their_jobs(configuration, devices, create, outcome, name):
    device = _jobs(devices, configuration)
    device.ask("jobs.handle('good', lambda job: {'times': job.document['times']})")
    device.ask("jobs.handle('bad', lambda job: job.document['missing'])")
    device.ask(
        "def slow(job):\n    for step in range(3):\n        yield {'step': step}\n    return 'slept'\n"
        "jobs.handle('slow', slow)"
    )
    for operation in ("good", "bad", "slow", "unknown"):
        create(f"{name}-{operation}", {"operation": operation, "times": 3})
    assert outcome(f"{name}-good") == ("SUCCEEDED", {"times": "3"})
    status, details = outcome(f"{name}-bad")
    assert (status, details["reason"].split(":")[0]) == ("FAILED", "KeyError")
    assert outcome(f"{name}-slow") == ("SUCCEEDED", {"result": "slept"})
    assert outcome(f"{name}-unknown") == ("REJECTED", {"reason": "unknown operation unknown"})


def test_managed_template_names_its_operation(configuration, devices, create, outcome, name):
    device = _jobs(devices, configuration)
    device.ask("jobs.handle('Reboot', lambda job: None)")
    create(f"{name}-1", {"version": "1.0", "steps": [{"action": {"name": "Reboot", "type": "runHandler"}}]})
    assert outcome(f"{name}-1")[0] == "SUCCEEDED"


def test_job_that_was_queued_while_offline_runs_after_connecting(configuration, devices, create, outcome, name):
    device = _jobs(devices, configuration, ready=False)
    device.ask("thing.disconnect()\njobs.handle('x', lambda job: None)")
    create(f"{name}-1", {"operation": "x"})
    device.ask("thing.connect()")
    assert outcome(f"{name}-1")[0] == "SUCCEEDED"


def test_job_delivered_twice_runs_once(configuration, devices, create, outcome, name):
    device = _jobs(devices, configuration)
    device.ask("jobs.handle('count', lambda job: emit('ran'))")
    create(f"{name}-1", {"operation": "count"})
    assert outcome(f"{name}-1")[0] == "SUCCEEDED"
    device.expect("ran")
    device.ask("jobs.notified()\njobs.notified()")
    assert not [event for event in device.settle(0.5) if event["event"] == "ran"]


def test_cancellation_is_noticed_while_the_job_runs(configuration, devices, create, iot, name):
    device = _jobs(devices, configuration)
    device.ask(
        "def endless(job):\n    try:\n        while True:\n            yield\n    finally:\n        emit('closed')\n"
        "jobs.handle('endless', endless)"
    )
    create(f"{name}-1", {"operation": "endless"})
    device.ask("until(lambda: jobs.job and jobs.job.status == 'IN_PROGRESS')")
    iot.cancel_job(jobId=f"{name}-1", force=True)
    device.expect("closed")
    device.ask("until(lambda: jobs.job is None)")


def test_job_in_progress_when_the_power_failed_is_failed_or_resumed(configuration, devices, create, outcome, name):
    hang = "def hang(job):\n    while True:\n        yield\n"
    for operation in ("x", "y"):
        create(f"{name}-{operation}", {"operation": operation})
        device = _jobs(devices, configuration)
        device.ask(hang + f"jobs.handle('{operation}', hang)")
        device.ask("until(lambda: jobs.job and jobs.job.status == 'IN_PROGRESS')")
        device.stop()
        device = _jobs(devices, configuration)
        resume = "None" if operation == "x" else "lambda job: {'resumed': 1}"
        device.ask(f"jobs.handle('{operation}', lambda job: None, {resume})")
        wanted = {"x": ("FAILED", {"reason": "interrupted by a restart"}), "y": ("SUCCEEDED", {"resumed": "1"})}
        assert outcome(f"{name}-{operation}") == wanted[operation]
        device.stop()


@pytest.fixture
def service(mosquitto, name):
    """The Jobs service on Mosquitto, with one job."""
    with Observer(mosquitto.plain_port, client_id=f"jobs-{name}") as observer:
        yield MosquittoJobs(observer, name, f"{name}-1", lambda: {"operation": "x"})


@pytest.fixture
def plain(mosquitto, name, tmp_path):
    """The configuration for that service's broker."""
    return mosquitto_site(mosquitto).project(tmp_path, name)


def test_step_timeout_is_asked_for(plain, devices, service, name):
    device = _jobs(devices, plain)
    device.ask("jobs.handle('x', lambda job: job.update('IN_PROGRESS', None, 8) and None, step_timeout_min=7)")
    device.ask("until(lambda: jobs.done)")
    updates = [request for verb, request in service.requests if verb.endswith("/update")]
    assert [update.get("stepTimeoutInMinutes") for update in updates] == [7, 8, None]
    assert [update["expectedVersion"] for update in updates] == [1, 2, 3]
    assert device.ask("jobs.start_next(None, 9)") is None
    assert service.requests[-1][1]["stepTimeoutInMinutes"] == 9


@pytest.mark.parametrize(
    "verb, call",
    [
        ("get", "jobs.list()"),
        ("get", "job.describe()"),
        ("update", "job.update('IN_PROGRESS')"),
        ("start-next", "jobs.start_next()"),
    ],
)
def test_call_that_gets_no_answer_ends_in_time(plain, devices, service, name, verb, call):
    device = devices(plain)
    device.ask(f"from aws_iot.jobs import Jobs, Job\njobs = Jobs(thing)\njob = Job(thing, '{name}-1')")
    assert device.ask("job.describe()") is True
    service.silent.add(verb)
    device.ask("begin, jobs.timeout_ms, job.timeout_ms = thing.mqtt.ticks(), 600, 600")
    with pytest.raises(Raised) as raised:
        device.ask(call)
    assert raised.value.kinds[0] == "ResponseTimeout", raised.value
    assert 600 <= device.ask("thing.mqtt.ticks() - begin") < 8000  # and not after the client's 10 s
    service.silent.clear()  # the next one is as good as the first
    device.ask("jobs.timeout_ms = job.timeout_ms = None")
    device.ask(f"bool({call})")


def test_engine_outlives_a_service_that_does_not_answer(plain, devices, service, name):
    device = devices(plain)
    service.silent |= {"get", "update"}
    device.ask("from aws_iot.jobs import Jobs\njobs = Jobs(thing, 300)")
    device.ask("jobs.handle('x', lambda job: emit('ran'))")
    while not service.requests:
        device.settle(0.05)
    assert device.ask("thing.publish('t', b'still here', qos=1) > 0") is True
    device.ask("jobs.timeout_ms = None\nuntil(lambda: jobs.call is None)")  # the one that was not answered
    service.silent.clear()
    device.expect("ran")
    device.ask("until(lambda: jobs.done)")
    assert [status for status, _ in service.updates] == ["IN_PROGRESS", "SUCCEEDED"]
