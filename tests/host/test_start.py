"""docs/start.md: its commands as they stand, on the make-believe board, and its words on what flash says."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from .. import harness
from ..harness.board import Board

pytestmark = pytest.mark.local_aws

_PAGE = (harness.ROOT / "docs" / "start.md").read_text()
_BLOCKS = [block.strip() for block in re.findall(r"^```sh start\n(.*?)^```", _PAGE, re.M | re.S)]


@pytest.fixture
def reader(tmp_path):
    """Somebody who gives each block to a shell of its own; his board is at the port of THING_PORT."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("AWS_", "THING_"))}
    path = f"{Path(sys.executable).parent}{os.pathsep}{environment.get('PATH', '')}"

    def run(commands: str) -> str:
        done = subprocess.run(["sh", "-ec", commands], cwd=tmp_path, env=environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    with Board(tmp_path / "flash") as board:
        environment.update(HOME=str(tmp_path), PATH=path, THING_PORT=board.port)
        run.board = board
        yield run
        run("thing cloud down")


def test_from_new_to_ready(reader):
    make, flash, change, end = _BLOCKS
    assert "demo_0 is the active thing" in reader(make)
    assert reader(flash).rstrip().endswith("ready")
    reader(change)
    reader.board.expect("publish period is now 1000 ms")
    assert "1 thing deleted" in reader(end)


def test_what_the_page_quotes_is_said():
    """The beginnings in its table of last words are in the programs that say them, and flash looks for them."""
    from aws_iot_tools.board.board import _TELLING

    quoted = re.findall(r"^\| `(.*?)`", _PAGE, re.M)
    words = [each for each in quoted if each.startswith(("Wi-Fi", "clock", "disconnected"))]
    assert len(words) == 4 and all(each.startswith(_TELLING) for each in words)
    sources = [harness.ROOT / "tools/template/helpers.py", *sorted((harness.ROOT / "aws_iot/mqtt").glob("*.py"))]
    text = "".join(source.read_text() for source in sources)
    for said in (
        "Wi-Fi: joining",
        "clock: no time yet:",
        "cannot be reached",
        "no answer from",
        "closed before CONNACK",
    ):
        assert said in text and said in _PAGE, said
