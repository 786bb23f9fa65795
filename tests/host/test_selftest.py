"""thing selftest (`make hardware`, `make aws`): on the make-believe board, and here, against the local AWS.

The board has the Wi-Fi of tests/harness/standins/network.py. What MiniStack lacks is in test_selftest_aws.py.
"""

import contextlib
import json
import re
import signal
import time
from pathlib import Path

import pytest
from aws_iot_tools.cloud.aws import Aws
from aws_iot_tools.errors import ToolError
from aws_iot_tools.selftest import run as run_module
from aws_iot_tools.selftest import stages
from aws_iot_tools.selftest.device import LocalDevice, SerialDevice
from aws_iot_tools.selftest.lab import Lab
from aws_iot_tools.selftest.run import Run

from ..harness.board import Board
from ..harness.board_wifi import AccessPoint, firmware
from .test_cloud import cloud, use  # noqa: F401  the fixture

_WIFI = {"ssid": "workshop", "password": "correct horse"}
_OFFLINE = ["chip", "import", "lent files"]
_BEFORE = ("chip", "import", "network", "TLS", "connect")  # what the others need
_PROGRAM = "print('the user program runs')\n"


@pytest.fixture
def board(tmp_path):
    """A board with a program of its user's."""
    flash = tmp_path / "flash"
    flash.mkdir()
    (flash / "main.py").write_text(_PROGRAM)
    (flash / "lib").mkdir()
    (flash / "lib/mine.py").write_text("x = 1\n")
    with Board(flash, firmware(tmp_path / "firmware")) as running:
        yield running


@pytest.fixture
def on_the_air(board, thing, ministack):
    """The board's Wi-Fi leads to the local AWS."""
    with AccessPoint(board.flash, ministack.port) as access_point:
        thing.environment["IOT_MTLS_PORT"] = str(access_point.port)
        (thing.folder / "wifi.json").write_text(json.dumps(_WIFI))
        yield access_point


def _files(board) -> dict:
    """What is on the board, but for what the Wi-Fi's stand-in keeps there."""
    found = {str(path.relative_to(board.flash)): path.read_bytes() for path in board.flash.rglob("*") if path.is_file()}
    return {name: data for name, data in found.items() if not name.startswith("wifi")}


def _nothing_left(account) -> None:
    """The account has nothing of a self-test, nor has this computer's journal."""
    account.assert_empty()
    assert account.client("iot").list_jobs()["jobs"] == []
    assert account.client("s3").list_buckets()["Buckets"] == []
    assert account.client("iam").list_roles()["Roles"] == []
    home = account.environment["XDG_STATE_HOME"]
    assert [path for path in Path(home).rglob("*") if path.is_file()] == []


@contextlib.contextmanager
def _silent(total):
    yield lambda: None


def _states(document) -> dict:
    return {stage["name"]: stage["state"] for stage in document["stages"]}


@pytest.fixture
def examine(account, monkeypatch):
    """examine(device, names of stages, **options) -> the Run, in this process; what comes before them goes along."""

    def run(device, *names, port=None, **options):
        for name in ("AWS_ENDPOINT_URL", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_DEFAULT_REGION",
                     "XDG_STATE_HOME", "IOT_MTLS_PORT"):  # fmt: skip
            monkeypatch.setenv(name, account.environment[name])
        if port:
            monkeypatch.setenv("IOT_MTLS_PORT", str(port))
        return _examined(device, names, monkeypatch, **options)

    return run


def _examined(device, names, monkeypatch, **options) -> Run:
    chosen = [stage for stage in stages.STAGES if stage.name in (*_BEFORE, *names)]
    monkeypatch.setattr(stages, "STAGES", chosen)
    with device:
        made = Run(device, Aws(), **options)
        made.examine(lambda finding: None)
    return made


def _serial(board):
    return SerialDevice(board.port, _silent)


def _found(run) -> dict:
    return {finding.name: finding for finding in run.findings if finding.name not in _BEFORE}


def _bad(run) -> list:
    return [finding for finding in run.findings if finding.state != "ok"]


def test_a_connection_of_a_board(examine, account, board, on_the_air, monkeypatch):
    monkeypatch.setattr(stages, "_OFF_S", 2)
    before = _files(board)
    names = ("lent files", "deltas", "QoS 1 burst", "Wi-Fi off and on", "policy")
    run = examine(_serial(board), *names, port=on_the_air.port, rounds=20, wifi=_WIFI)
    found = _found(run)
    assert [(name, finding.state) for name, finding in found.items()] == [(name, "ok") for name in names], _bad(run)
    assert found["lent files"].figures["files"] > 40
    assert found["deltas"].figures["grown_bytes"] < 1024 and found["deltas"].figures["p50_ms"] >= 0
    assert found["Wi-Fi off and on"].figures["connects"] == 2 and on_the_air.cuts >= 1
    assert "iot:Publish" in found["policy"].figures["cause"]
    assert _files(board) == before
    _nothing_left(account)


def test_jobs_and_updates_of_a_board(examine, account, board, on_the_air):
    before = _files(board)
    names = ("reset in mid-job", "FOTA undone", "FOTA kept")
    run = examine(_serial(board), *names, port=on_the_air.port, trial_s=12, wifi=_WIFI)
    found = _found(run)
    assert [(name, finding.state) for name, finding in found.items()] == [(name, "ok") for name in names], _bad(run)
    assert found["FOTA undone"].figures["reason"] == "rolled back: not confirmed in 12 s"
    assert _files(board) == before
    _nothing_left(account)


@pytest.mark.local_aws
def test_a_connection_of_this_computer_behind_mosquitto(cloud, monkeypatch):  # noqa: F811
    """Where PUBACK comes before the shadow has the report, and what the library was lent stays in a large heap."""
    cloud.run(*cloud.up, "--mosquitto")
    for name, value in {**use(cloud), "XDG_STATE_HOME": cloud.environment["XDG_STATE_HOME"]}.items():
        monkeypatch.setenv(name, value)
    run = _examined(LocalDevice(), ("deltas", "QoS 1 burst"), monkeypatch, rounds=20)
    assert not _bad(run) and run.lab.cloud.front == "mosquitto"
    assert len(_found(run)) == 2


def test_a_heap_is_watched(examine, account, monkeypatch):
    monkeypatch.setattr(stages, "_SAMPLE_MS", 50)
    run = examine(LocalDevice(), minutes=7)
    (found,) = [finding for finding in run.findings if finding.name == stages.HOUR.name]
    assert found.state == "ok" and len(found.figures["heaps"]) == 8 and found.figures["connects"] == 1
    assert found.figures["grown_bytes"] == found.figures["heaps"][7] - found.figures["heaps"][5]


def test_a_leak_is_told():
    with pytest.raises(ToolError, match="heap .2000 B: that is a leak of more than 1024 B"):
        stages._steady("heap +2000 B", {"grown_bytes": 2000})


def test_a_policy_that_is_too_wide_is_told_and_the_others_go_on(examine, account, monkeypatch):
    class Wide(Lab):
        def make_thing(self):
            files = super().make_thing()
            document = {"Effect": "Allow", "Action": "iot:*", "Resource": "*"}
            document = json.dumps({"Version": "2012-10-17", "Statement": [document]})
            self.aws.iot.create_policy(policyName="wide", policyDocument=document)
            self.aws.iot.attach_policy(policyName="wide", target=self.certificate_arn)
            return files

    monkeypatch.setattr(run_module, "Lab", Wide)
    monkeypatch.setattr(stages, "_DENIED_S", 2)
    run = examine(LocalDevice(), "policy", "reset in mid-job")
    found = _found(run)
    assert (found["policy"].state, found["reset in mid-job"].state) == ("failed", "ok") and not run.well
    assert found["policy"].text == (
        "a publish to another thing's topic was let through: is another, wider policy attached to the certificate?"
    )
    account.client("iot").delete_policy(policyName="wide")
    _nothing_left(account)


def test_a_wrong_wifi_password(examine, account, board, on_the_air, monkeypatch):
    monkeypatch.setattr(stages, "_JOIN_S", 1)
    run = examine(_serial(board), port=on_the_air.port, wifi={**_WIFI, "password": "wrong"})
    states = [(finding.name, finding.state) for finding in run.findings]
    assert states[2:] == [("network", "failed"), ("TLS", "left out"), ("connect", "left out")]
    assert re.match(r"OSError: no Wi-Fi in 1 s .*: are ssid and password right", run.findings[2].text)
    assert "board says: OSError" not in run.findings[2].text
    assert (board.flash / "main.py").read_text() == _PROGRAM
    _nothing_left(account)


def test_without_a_network_or_an_account(thing, board):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_DEFAULT_REGION", "AWS_ENDPOINT_URL"):
        del thing.environment[name]
    before = _files(board)
    found = thing.json("selftest", "--port", board.port, "--yes", "--offline")
    assert _states(found) == dict.fromkeys(_OFFLINE, "ok") and found["cloud"] is None
    assert _files(board) == before


def test_it_asks_first(thing, account, board):
    before = _files(board)
    done = thing.run("selftest", "--port", board.port, typed="n\n", code=1)
    assert "main.py exchanged" in done.stdout and "a thing, jobs, a bucket and a role are made" in done.stdout
    assert done.stderr.startswith("Go on? [y/N]: ") and done.stderr.endswith("thing: nothing was done\n")
    assert _files(board) == before and list(thing.folder.iterdir()) == []
    _nothing_left(account)


def test_the_cost_is_told_before_anything_is_made(thing):
    """On AWS itself; nobody is asked there before the answer, and none could be from here."""
    del thing.environment["AWS_ENDPOINT_URL"]
    thing.environment["AWS_DEFAULT_REGION"] = "eu-west-1"
    done = thing.run("selftest", "--here", "--device-advisor", typed="n\n", code=1)
    assert "In AWS in eu-west-1 a thing, jobs, a bucket and a role are made" in done.stdout
    assert "It costs about $0.02 and what Device Advisor takes (numbers estimated, prices read on 2026-" in done.stdout
    assert done.stderr.endswith("thing: nothing was done\n") and not Path(thing.environment["XDG_STATE_HOME"]).exists()
    thing.environment["AWS_DEFAULT_REGION"] = "eu-central-1"
    assert "no Device Advisor in eu-central-1" in thing.run("selftest", "--here", "--device-advisor", code=1).stderr


def test_a_stage_that_fails_is_told_with_its_cure(thing, account):
    """Nothing answers where the thing is to connect: what needs it is left out, the rest runs, and all is cleaned."""
    thing.environment["IOT_MTLS_PORT"] = "9"
    done = thing.run("selftest", "--here", "--yes", "--report", "found", code=1)
    states = _states(json.loads((thing.folder / "found.json").read_text()))
    assert [name for name, state in states.items() if state == "ok"] == [*_OFFLINE, "network"]
    assert [name for name, state in states.items() if state == "failed"] == ["TLS"]
    (said,) = [line for line in done.stdout.splitlines() if line.startswith("FAIL")]
    assert "ECONNREFUSED" in said and said.endswith("`thing doctor` tells more; does a firewall block port 8883?")
    assert "-    deltas: it needs connect" in done.stdout
    assert done.stderr == "thing: not all is well: TLS\n"
    _nothing_left(account)


def _started(thing, *words, until):
    """The command, once it has printed a line that begins so."""
    running = thing.start("selftest", "--yes", "--report", "found", *words)
    for line in running.stdout:
        if line.startswith(until):
            return running
    raise AssertionError(running.stderr.read())


def test_ctrl_c_cleans_up(thing, account, board, on_the_air):
    before = _files(board)
    running = _started(thing, "--port", board.port, until="ok   connect")
    running.send_signal(signal.SIGINT)
    _, error = running.communicate(timeout=120)
    assert running.returncode == 1
    assert error.endswith("thing: stopped before the end; what it had made is taken away again\n")
    assert _files(board) == before
    assert "connect" in _states(json.loads((thing.folder / "found.json").read_text()))
    _nothing_left(account)


def test_the_next_run_deletes_what_a_killed_one_left(thing, account):
    """Killed in the middle of an update: there are thing, certificate, policy, jobs, bucket, role and firmware."""
    running = _started(thing, "--here", "--rounds", 1, until="ok   reset in mid-job")
    _await(lambda: len(account.client("iot").list_jobs()["jobs"]) == 3)
    running.kill()
    running.communicate()
    assert account.thing_names() and account.client("s3").list_buckets()["Buckets"]
    thing.environment["IOT_MTLS_PORT"] = "9"
    thing.run("selftest", "--here", "--yes", code=1)
    _nothing_left(account)


def test_the_next_run_puts_back_what_a_killed_one_exchanged(thing, board, on_the_air):
    before = _files(board)
    running = _started(thing, "--port", board.port, "--rounds", 1, until="ok   policy")
    _await(lambda: (board.flash / "main.py.kept").exists() and (board.flash / "main.py").exists())
    running.kill()
    running.communicate()
    assert (board.flash / "main.py").read_text() != _PROGRAM == (board.flash / "main.py.kept").read_text()
    thing.run("selftest", "--port", board.port, "--yes", "--offline")
    assert _files(board) == before


def _await(done) -> None:
    deadline = time.monotonic() + 120
    while not done():
        assert time.monotonic() < deadline
        time.sleep(0.02)
