"""The heap that `from aws_iot import Thing` takes: from a file system, with umqtt.simple frozen, and from ROMFS.

The program is that of BENCHMARKS.md, and so is the figure: growth of gc.mem_alloc() after a collection. What it is on
the unix port, 32 bit, is the goal.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

from aws_iot_tools.board import mpy, umqtt
from aws_iot_tools.board.board import Board

from tests.harness import ROOT, program
from tests.harness.runtimes import RUNTIMES

from .firmware import Firmware
from .machine import Machine
from .rows import within

TITLE = "heap of `from aws_iot import Thing`"
NOTE = "Goals: what the unix port, 32 bit, takes; 3 KB less than that; 7.5 KB. The heap has 112 KB."
_PROGRAM = program("benchmarks", "import_ours")
# The budget of the library, 32 bit, and what freezing umqtt.simple saves of it: 2.3 KB, and 0.9 KB more where the names
# then stop short of MicroPython's next block of them, each twice as long as the one before.
_BUDGET, _UMQTT_LEAST, _UMQTT = 15360, 2048, 3072
OUTSIDE = 7680  # where the code is not in the heap


def run(machine: Machine, built: Firmware, folder: Path) -> list:
    """machine: a board that was flashed. -> rows"""
    library = folder / "rom" / "lib"
    shutil.copytree(mpy.compile_package(ROOT / "aws_iot"), library / "aws_iot")
    shutil.copytree(mpy.compile_package(umqtt.FOLDER / "umqtt"), library / "umqtt")
    unix = _on_unix(library.parent)
    rows = [within(".mpy files in LittleFS, umqtt.simple among them", _BUDGET, unix, imported(machine))]
    with machine.copy(folder / "umqtt.flash") as other:
        other.firmware = built.umqtt
        limit, goal = _BUDGET - _UMQTT_LEAST, unix - _UMQTT
        rows.append(within("the same, umqtt.simple frozen in the firmware", limit, goal, imported(other)))
    with machine.copy(folder / "rom.flash") as other:
        deploy(other.serve(), library.parent)
        rows.append(within("both in ROMFS, by `mpremote romfs deploy`", OUTSIDE, OUTSIDE, imported(other)))
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


def imported(machine: Machine) -> int:
    """Bytes of heap on this board."""
    with Board(machine.serve()) as board:
        return _growth(board.run(_PROGRAM.read_text()))


def _growth(printed: str) -> int:
    told = json.loads(printed)
    return told["bytes"] - told["start"]
