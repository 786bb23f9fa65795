"""Each pure module is covered, branch by branch, by its own test file alone, or by that of the module it serves."""

import subprocess
import sys

import pytest

from tests.harness import ROOT

_PURE = (
    "fota/cbor errors fota/images names mqtt/packet mqtt/unusual reserved fota/signature fota/versions"
    " fota/stream_request topics web/sigv4 web/websocket"
).split()


_MERGE = "shadow_pending shadow order"
_MATCH = "wildcards wildcards group"
_OTHERS = (
    "fota/cbor_decode cbor", "mqtt/control control decode", "mqtt/group", "web/upgrade websocket", _MATCH, _MERGE
)  # fmt: skip


@pytest.mark.parametrize("module", [*_PURE, *_OTHERS])
def test_every_branch(module):
    command = [sys.executable, "-m", "tests.harness.covered", *module.split()]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=200)
    assert not done.returncode, done.stdout + done.stderr
