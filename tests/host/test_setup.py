"""`make setup` shows that it is at work, and ends with what to do next."""

import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import pytest
from aws_iot_tools.dev import chromium, setup, system
from aws_iot_tools.dev.system import follow
from aws_iot_tools.errors import ToolError

from ..harness import ROOT

_WORK = [
    sys.executable,
    "-c",
    "import sys; print('Collecting boto3'); sys.stdout.flush(); print('no', file=sys.stderr)",
]


def test_the_last_line_of_what_runs_is_seen_on_a_terminal():
    ours, theirs = pty.openpty()
    program = f"from aws_iot_tools.dev.system import follow; follow({_WORK!r})"
    done = subprocess.run([sys.executable, "-c", program], stdout=theirs, timeout=60)
    os.close(theirs)
    with os.fdopen(ours, "rb", buffering=0) as terminal:
        seen = terminal.read(1000)
    assert done.returncode == 0
    assert seen == b"\r\x1b[KCollecting boto3\r\x1b[Kno\r\x1b[K", "each in place of the one before, and then nothing"


def test_elsewhere_it_is_quiet_and_tells_all_when_it_fails(capfd):
    follow(_WORK)
    assert capfd.readouterr() == ("", "")
    with pytest.raises(ToolError, match="(?s)failed:\\nCollecting boto3\\n.*no such option"):
        follow([sys.executable, "-c", "import sys; print('Collecting boto3', flush=True); sys.exit('no such option')"])


def test_what_takes_long_gives_signs_of_life(monkeypatch, capsys):
    monkeypatch.setattr(system, "_SIGN_S", 0.1)
    system.follow([sys.executable, "-c", "import time; time.sleep(0.5)"])
    assert re.search(r"^setup: still at it, for \d+ s$", capsys.readouterr().out, re.MULTILINE)


def test_ctrl_c_is_one_sentence(monkeypatch, capsys):
    def stop():
        raise KeyboardInterrupt

    monkeypatch.setattr(sys, "argv", ["setup"])
    monkeypatch.setattr(setup, "make_venv", stop)
    assert setup.main() == 130
    assert capsys.readouterr().err == "setup: stopped; the same command goes on where it was\n"


@pytest.mark.parametrize(("goal", "says"), [("setup", True), ("mpy", False)])
def test_make_setup_says_what_to_do_next_and_what_needs_it_does_not(goal, says):
    done = subprocess.run(["make", "--dry-run", goal], cwd=ROOT, capture_output=True, text=True, check=True)
    assert ("tools.dev.setup --next" in done.stdout) == says


def test_what_to_do_next_is_there():
    """With everything in place set-up has nothing to do but to say it."""
    done = subprocess.run(
        [sys.executable, "-m", "tools.dev.setup", "--next"], cwd=ROOT, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    assert "\n  make demo " in done.stdout and "\n  . .venv/bin/activate " in done.stdout


def test_the_browser_is_the_one_that_is_named_and_without_any_that_is_said(monkeypatch, tmp_path):
    """It is what the tests of the console's pages then fail with."""
    monkeypatch.setattr(chromium, "_LAUNCHER", tmp_path / "chromium")
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CHROMIUM", raising=False)
    with pytest.raises(ToolError, match="no browser here: `make setup` brings .*, or set CHROMIUM"):
        chromium.found()
    monkeypatch.setenv("CHROMIUM", str(tmp_path / "mine"))
    with pytest.raises(ToolError, match="mine is no program"):
        chromium.found()
    monkeypatch.setenv("CHROMIUM", sys.executable)
    assert chromium.found() == Path(sys.executable)
