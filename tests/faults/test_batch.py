"""What is tried again, and what never is."""

import subprocess
import sys

import pytest

from tests.harness import ROOT, tally

from . import batch, law
from .row import Row, Run


def _played(monkeypatch, *ends, gap_ms=0):
    """The outcome of a row whose plays end so, in turn (None: well), and how often it was played."""
    plays = list(ends)

    async def play(run):
        if error := plays.pop(0):
            raise error

    monkeypatch.setattr(Run, "play", play)
    monkeypatch.setattr(law, "growth", lambda run: 0)
    monkeypatch.setattr(law, "gap_ms", lambda run: gap_ms)
    monkeypatch.setattr(Run, "device", None, raising=False)
    return batch.played(Row("a row"), "cpython", "async"), len(ends) - len(plays)


@pytest.mark.parametrize(
    "text", ["lost told-1", "no 'ready' within 30 s", "the device crashed (139)", "time limit", "no cause 'closed'"]
)
def test_what_is_lost_late_hangs_crashes_or_is_not_told_fails_at_once(monkeypatch, text):
    outcome, plays = _played(monkeypatch, AssertionError(text), None, None)
    assert plays == 1
    assert text in outcome.problem


def test_the_heap_is_judged_again_and_marked(monkeypatch):
    outcome, plays = _played(monkeypatch, law.Measured("the heap grew"), law.Measured("the heap grew"), None)
    assert (plays, outcome.problem, outcome.tries) == (3, None, 3)


def test_a_heap_that_stays_over_its_limit_fails(monkeypatch):
    outcome, plays = _played(monkeypatch, *[law.Measured("the heap grew")] * 4)
    assert (plays, outcome.problem) == (3, "the heap grew")


def test_what_is_lost_in_a_second_try_fails_too(monkeypatch):
    outcome, plays = _played(monkeypatch, law.Measured("the heap grew"), AssertionError("lost told-1"), None)
    assert (plays, outcome.problem) == (2, "lost told-1")


def test_a_ticker_that_waits_fails_unless_the_row_says_why(monkeypatch):
    outcome, plays = _played(monkeypatch, None, None, None, gap_ms=batch.GAP_MS + 1)
    assert plays == 1
    assert "kept waiting for 101 ms" in outcome.problem
    assert _played(monkeypatch, None, gap_ms=batch.GAP_MS)[0].problem is None


@pytest.mark.parametrize("command", [("tests.faults", "FIN in the handshake"), ("tests.faults.advise", "MQTT_Connect")])
def test_the_processes_of_a_pool_need_not_be_forked(command):
    """From Python 3.14 on they are not, and import anew what they are given."""
    begun = (
        "import multiprocessing, runpy, sys; multiprocessing.set_start_method('forkserver');"
        "sys.argv = sys.argv[1:]; runpy.run_module(sys.argv[0], run_name='__main__')"
    )
    done = subprocess.run(
        [sys.executable, "-c", begun, *command, "--runtime", "cpython"],
        cwd=ROOT, capture_output=True, text=True, timeout=600,
    )  # fmt: skip
    passed, failed = tally.read(done.stdout) or (0, 1)
    assert passed and not failed, done.stderr
