"""What runs the commands of these tests (forks.py): one test whose time is up must not spoil the next ones."""

import os
import signal
import threading

import pytest

from .conftest import Forks


class _TimeIsUp(Exception):
    """As pytest-timeout's: raised by a signal, wherever the test is."""


def _interrupt(*_):
    raise _TimeIsUp


@pytest.fixture
def run(tmp_path):
    forks = Forks()

    def words(*words):
        command = {"words": words, "cwd": str(tmp_path), "environment": dict(os.environ), "typed": ""}
        return forks.run(**command, timeout_s=120, step=0, full=False, bound=False)

    yield words
    forks.close()


def test_answer_that_a_test_did_not_wait_for_is_not_the_next_ones(run):
    before = signal.signal(signal.SIGUSR1, _interrupt)
    main = threading.main_thread().ident
    threading.Timer(0.3, lambda: signal.pthread_kill(main, signal.SIGUSR1)).start()  # it imports boto3 for longer
    try:
        with pytest.raises(_TimeIsUp):
            run("--help")
    finally:
        signal.signal(signal.SIGUSR1, before)
    assert run("cleanup", "--help")["stdout"].startswith("Usage: thing cleanup ")
