"""Each pure module is covered, branch by branch, by its own test file alone, or by that of the module it serves."""

import subprocess
import sys

import pytest

from tests.harness import ROOT

_PURE = (
    "backoff cbor control decode errors images malformed names oversize packet reserved signature stream_request topics"
    " wildcards"
).split()


@pytest.mark.parametrize("module", [*_PURE, "cbor_decode cbor", "merge shadow order"])
def test_every_branch(module):
    command = [sys.executable, "-m", "tests.harness.covered", *module.split()]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=200)
    assert not done.returncode, done.stdout + done.stderr
