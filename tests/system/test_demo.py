"""`make demo` ends well, in time, and shows what happened."""

import subprocess
import sys

import pytest

from tests.harness import ROOT


@pytest.mark.parametrize("words", [(), ("--door", "wss")], ids=["mqtt", "wss"])
def test_the_demo_reports_every_desired_value(words):
    done = subprocess.run(
        [sys.executable, "-m", "tests.harness.demo", *words],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    lines = done.stdout.splitlines()
    assert sum("desired  publish_period" in line for line in lines) == 5
    assert sum("reported publish_period" in line for line in lines) == 5
    for words in ("cut for", "restored", "round trip, median", "reconnects                1", "free heap"):
        assert any(words in line for line in lines), words
    assert "demo: every desired value was reported" in lines
