"""Each pure module is covered, branch by branch, by its own test file alone."""

import subprocess
import sys

import pytest

from tests.harness import ROOT

_PURE = "backoff control errors malformed oversize packet reserved topics wildcards".split()


@pytest.mark.parametrize("module", _PURE)
def test_every_branch(module):
    command = [sys.executable, "-m", "tests.harness.covered", module]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=200)
    assert not done.returncode, done.stdout + done.stderr
