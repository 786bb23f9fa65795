"""The heap that `from aws_iot import Thing` takes: from a file system, with umqtt.simple frozen, and from ROMFS.

The program is that of BENCHMARKS.md, and so is the figure: growth of gc.mem_alloc() after a collection. What it is on
the unix port, 32 bit, is the limit.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

from aws_iot_tools import mpy, umqtt
from aws_iot_tools.board import Board

from tests.harness import ROOT
from tests.harness.runtimes import RUNTIMES

from .machine import Machine
from .rows import at_most

TITLE = "heap of `from aws_iot import Thing`"
NOTE = "Limits: what the unix port, 32 bit, takes; 3 KB less than that; 7.5 KB. Heap 112 KB."
_PROGRAM = ROOT / "tests/benchmarks/programs/import_ours.py"
_UMQTT = 3072  # what umqtt.simple takes at least
_ROM = 7680


def run(machine: Machine, frozen: Path, folder: Path) -> list:
    """machine: a board that was flashed; frozen: the firmware with umqtt.simple in it. -> rows"""
    library = folder / "rom" / "lib"
    shutil.copytree(mpy.compile_package(ROOT / "aws_iot"), library / "aws_iot")
    shutil.copytree(mpy.compile_package(umqtt.FOLDER / "umqtt"), library / "umqtt")
    limit = _on_unix(library.parent)
    rows = [at_most(".mpy files in LittleFS, umqtt.simple among them", limit, _imported(machine))]
    with machine.copy(folder / "frozen.flash") as other:
        other.firmware = frozen
        rows.append(at_most("the same, umqtt.simple frozen in the firmware", limit - _UMQTT, _imported(other)))
    with machine.copy(folder / "rom.flash") as other:
        deploy(other.serve(), library.parent)
        rows.append(at_most("both in ROMFS, by `mpremote romfs deploy`", _ROM, _imported(other)))
    return rows


def _on_unix(folder: Path) -> int:
    """As tests/benchmarks has it: paths are as short as a board's, for they are in the heap."""
    command = RUNTIMES["mp32"].command(_PROGRAM, heap="256k")
    environment = {**os.environ, "MICROPYPATH": "lib:.frozen"}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=True, timeout=60)
    return _growth(done.stdout)


def deploy(port: str, folder: Path) -> None:
    """Put a folder's files into the board's ROMFS, .py files compiled, with asserts."""
    command = [sys.executable, "-m", "mpremote", "connect", port, "romfs", "deploy", folder]
    done = subprocess.run(command, text=True, capture_output=True, timeout=600)
    if done.returncode:
        raise RuntimeError(f"mpremote romfs deploy: status {done.returncode}\n{done.stdout}{done.stderr}")


def _imported(machine: Machine) -> int:
    with Board(machine.serve()) as board:
        return _growth(board.run(_PROGRAM.read_text()))


def _growth(printed: str) -> int:
    told = json.loads(printed)
    return told["bytes"] - told["start"]
