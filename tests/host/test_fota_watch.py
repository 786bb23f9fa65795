"""thing iot-fota-start --watch, live: boards of the tests' own report to MiniStack what a real one would."""

import concurrent.futures
import json
import signal
import time

import pytest
from aws_iot_tools.cloud import aws as aws_module
from aws_iot_tools.cloud.aws import Aws
from aws_iot_tools.fota import rollout
from botocore import exceptions

from aws_iot.jobs import job

from .conftest import REGION


class Board:
    """Stands in for a board: takes its next job and reports on it, through the jobs API that devices may use, too."""

    def __init__(self, cloud, name: str) -> None:
        self._jobs, self._name, self._job = cloud.client("iot-jobs-data"), name, None

    def take(self) -> None:
        """Start the next job, once there is one."""
        while not self._job:
            found = self._jobs.start_next_pending_job_execution(thingName=self._name).get("execution")
            self._job = found["jobId"] if found else time.sleep(0.1)

    def report(self, status: str, **details) -> None:
        self._jobs.update_job_execution(jobId=self._job, thingName=self._name, status=status, statusDetails=details)


@pytest.fixture
def crowd(cloud):
    """A group of two things, `lamp` and `fan`."""
    iot = cloud.client("iot")
    iot.create_thing(thingName="fan")
    iot.create_thing_group(thingGroupName="crowd")
    for name in ("lamp", "fan"):
        iot.add_thing_to_thing_group(thingGroupName="crowd", thingName=name)
    return cloud


@pytest.fixture
def watch(thing, cloud, application):
    """The command for `lamp`, running; it ends with the test."""
    with thing.start(*_words(cloud, "lamp", application)) as running:
        yield running
        running.kill()


def _words(cloud, target, application, *options) -> tuple:
    return ("iot-fota-start", target, application, f"firmware-{cloud.number}", "fota", "--watch", *options)


def test_each_report_is_shown_as_it_comes(watch, cloud):
    board = Board(cloud, "lamp")
    assert watch.stdout.readline().startswith("job fota-lamp-1-2-0-")
    assert watch.stdout.readline() == "lamp: QUEUED\n"
    board.take()
    assert watch.stdout.readline() == "lamp: IN_PROGRESS\n"
    board.report("IN_PROGRESS", progress="50")
    assert watch.stdout.readline() == "lamp: IN_PROGRESS 50%\n"
    board.report("SUCCEEDED", version="1.2.0")
    assert watch.communicate() == ("lamp: SUCCEEDED 1.2.0\n", "")
    assert watch.returncode == 0


def test_ctrl_c_ends_the_watch_and_not_the_job_which_can_be_watched_again(thing, watch, cloud):
    job = watch.stdout.readline().split()[1].rstrip(":")
    assert watch.stdout.readline() == "lamp: QUEUED\n"
    watch.send_signal(signal.SIGINT)
    said = watch.communicate(timeout=120)[1].splitlines()[-1]
    assert said == f"thing: stopped watching; the job goes on: `thing fota-watch {job}` shows it again"
    assert watch.returncode == 130
    with thing.start("fota-watch", job) as again:
        assert again.stdout.readline() == "lamp: QUEUED\n"
        board = Board(cloud, "lamp")
        board.take()
        board.report("SUCCEEDED", version="1.2.0")
        assert again.communicate(timeout=120)[0].endswith("lamp: SUCCEEDED 1.2.0\n")
    assert again.returncode == 0
    assert f"(did you mean {job}?)" in thing.run("fota-watch", job[:-2], code=1).stderr


def test_what_is_not_newer_is_told_before_there_is_a_job(thing, crowd, application):
    """Of a thing by what its last update said; a group goes on with those that will take it."""
    words = [word for word in _words(crowd, "lamp", application) if word != "--watch"]
    thing.run(*words)
    board = Board(crowd, "lamp")
    board.take()
    board.report("SUCCEEDED", version="1.2.0")
    said = thing.run(*words, code=1).stderr
    assert "version 1.2.0 is not newer than what lamp took last" in said and "--force" in said
    assert len(crowd.client("iot").list_jobs()["jobs"]) == 1
    thing.run(*words, "--force")
    words[1] = "crowd"
    assert "lamp took version 1.2.0 or a newer one before, and will refuse this" in thing.run(*words, "--group").stderr


def test_a_watch_goes_on_while_aws_is_away(crowd, aws, monkeypatch):
    board, said, state = Board(crowd, "lamp"), [], {"left": 3}
    monkeypatch.setattr(aws_module, "_PATIENCE_S", 0)
    asked = rollout.executions

    def sometimes(*words):
        if state["left"]:
            state["left"] -= 1
            raise exceptions.EndpointConnectionError(endpoint_url="https://iot")
        return asked(*words)

    monkeypatch.setattr(rollout, "executions", sometimes)
    job, seen = _slow_job(crowd), []
    for row in rollout.watch(aws, job, said.append, sleep=lambda seconds: None):
        seen.append(row[1])
        if row[1] == "QUEUED":
            board.take()
            board.report("SUCCEEDED")
            aws.iot.cancel_job(jobId=job)
    assert seen == ["QUEUED", "SUCCEEDED"] and len(said) == 2
    assert "going on as soon as it answers" in said[0] and said[1] == "AWS answers again"


def test_group_is_watched_until_the_last_has_ended(thing, crowd, application):
    with concurrent.futures.ThreadPoolExecutor() as pool:
        words = _words(crowd, "crowd", application, "--group", "--json")
        watching = pool.submit(thing.run, *words, code=1)
        boards = [Board(crowd, name) for name in ("lamp", "fan")]
        for board in boards:
            board.take()
        boards[1].report("FAILED", reason="SHA-256 is wrong")
        boards[0].report("SUCCEEDED")
        done = watching.result()
    assert json.loads(done.stdout)["executions"] == {"lamp": "SUCCEEDED", "fan": "FAILED"}
    assert "fan: FAILED SHA-256 is wrong\n" in done.stderr
    assert done.stderr.splitlines()[-1] == "thing: 1 of 2 boards did not take it: fan"


def test_group_without_things_is_refused_before_anything_is_made(thing, cloud, application):
    cloud.client("iot").create_thing_group(thingGroupName="empty")
    done = thing.run(*_words(cloud, "empty", application, "--group"), code=1)
    assert done.stderr == "thing: thing group empty has no things: nothing would be updated\n"
    assert cloud.client("s3").list_objects_v2(Bucket=f"firmware-{cloud.number}")["KeyCount"] == 0
    assert cloud.client("iot").list_jobs()["jobs"] == []


def test_things_that_are_deleted_meanwhile_end_it(watch, cloud):
    assert watch.stdout.readline().startswith("job ")
    assert watch.stdout.readline() == "lamp: QUEUED\n"
    cloud.client("iot").delete_thing(thingName="lamp")
    assert watch.communicate() == ("", "thing: 1 of 1 boards did not take it: lamp\n")
    assert watch.returncode == 1


def test_job_that_nobody_took_is_no_success(thing, cloud, application, proxy):
    """The proxy plays a job that was canceled from elsewhere before AWS had made an execution."""
    thing.environment["AWS_ENDPOINT_URL"] = proxy.url
    proxy.answers["DescribeJob"] = lambda body: {"job": {"status": "CANCELED"}}
    proxy.answers["ListJobExecutionsForJob"] = lambda body: {"executionSummaries": []}
    assert "ended without a board" in thing.run(*_words(cloud, "lamp", application), code=1).stderr


@pytest.fixture
def aws(crowd, monkeypatch):
    """The account as the tools see it."""
    for name, value in crowd.environment.items():
        if name.startswith("AWS_"):
            monkeypatch.setenv(name, value)
    return Aws(region=REGION)


def _slow_job(crowd) -> str:
    """A job whose executions come one a minute, as AWS makes those of a large group by and by."""
    iot = crowd.client("iot")
    target = iot.describe_thing_group(thingGroupName="crowd")["thingGroupArn"]
    slowly = {"maximumPerMinute": 1}
    iot.create_job(jobId="slow", targets=[target], document="{}", jobExecutionsRolloutConfig=slowly)
    return "slow"


def test_it_goes_on_while_executions_are_still_to_come(crowd, aws):
    boards, looks = [Board(crowd, name) for name in ("lamp", "fan")], []

    def between_two_looks(seconds):
        looks.append(seconds)
        if len(looks) == 1:
            boards[0].take()
            boards[0].report("SUCCEEDED")
        elif len(looks) == 3:  # all that there are have ended for two looks
            aws.iot.cancel_job(jobId="slow")

    seen = list(rollout.watch(aws, _slow_job(crowd), sleep=between_two_looks))
    assert [row[:2] for row in seen] == [("lamp", "QUEUED"), ("lamp", "SUCCEEDED")]
    assert len(looks) == 3


def test_canceled_job_is_watched_until_its_boards_have_ended(crowd, aws):
    board, looks = Board(crowd, "lamp"), []

    def between_two_looks(seconds):
        looks.append(seconds)
        if len(looks) == 1:
            board.take()
            aws.iot.cancel_job(jobId="slow")  # which leaves a board alone that has begun
        elif len(looks) == 3:
            board.report("SUCCEEDED")

    seen = list(rollout.watch(aws, _slow_job(crowd), sleep=between_two_looks))
    assert [row[1] for row in seen] == ["QUEUED", "IN_PROGRESS", "SUCCEEDED"]


def test_an_execution_is_over_for_the_tools_when_it_is_for_the_board():
    assert rollout.OVER == job.OVER
