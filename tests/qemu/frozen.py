"""The library in the firmware, as manifest.py freezes it, on a board with nothing in its file system."""

import re
from pathlib import Path

from . import device_tests, heap
from .firmware import Firmware
from .machine import Machine
from .rows import within

TITLE = "the library frozen by manifest.py"
NOTE = "The file system is empty: what is imported is in the firmware. The tests are those that make no client."


def run(machine: Machine, built: Firmware, folder: Path) -> list:
    """machine: not this one, which was flashed. -> rows"""
    folder = folder / "frozen"
    folder.mkdir()
    with Machine(built.frozen, folder / "board.flash") as board:
        rows = [within("heap of `from aws_iot import Thing`", heap.OUTSIDE, heap.OUTSIDE, heap.imported(board))]
        return rows + device_tests.examine(board, folder, _is_pure)


def _is_pure(path: Path) -> bool:
    """Whether the tests of a file look at functions alone, with no stand-in for the network."""
    return not re.search(r"^from peer import", path.read_text(), re.M)
