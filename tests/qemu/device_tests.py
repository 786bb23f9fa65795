"""The tests of tests/device on the board, through its REPL by mpremote: for each a soft reset, so a heap of its own.

The library lies in /lib as `thing flash` put it there, the tests in ROMFS. Tests of what this board lacks are named
with the reason; they are known by the exception that says so.
"""

import ast
import re
import shutil
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from aws_iot_tools.board.board import Board
from aws_iot_tools.errors import ToolError

from tests.harness import ROOT

from .firmware import Firmware
from .heap import deploy
from .machine import Machine
from .rows import Row

TITLE = "the tests of the device library"
NOTE = "tests/device over the REPL by mpremote, each after a soft reset; two boards side by side, heap 1 MB."
_BOARDS = 2
_HEAP_KB = 1024  # the largest test makes messages of 128 KB
_SILENCE_S = 300  # an emulated board on a busy machine is slow
_LONG_S = 60
_TEST = """
import os, sys
def clear(path):
    for name, kind, *_ in os.ilistdir(path):
        if kind & 0x4000:
            clear(path + "/" + name)
        else:
            os.remove(path + "/" + name)
    os.rmdir(path)
if "tmp" in os.listdir("/"):
    clear("/tmp")
os.mkdir("/tmp")
sys.path.insert(0, "/rom/device")
getattr(__import__(%r), %r)()
print("passed")
"""
# Modules that the firmware lacks, as the board itself names them.
_LACKING = {"_thread": "wants threads", "tls": "wants TLS", "ssl": "wants TLS"}


def run(machine: Machine, built: Firmware, folder: Path) -> list:
    """machine: a board that was flashed. -> rows"""
    return examine(machine, folder / "device")


def examine(machine: Machine, folder: Path, wanted=lambda path: True) -> list:
    """Run the tests of the files that are wanted, with the library that is on the board. -> rows"""
    rom = folder / "rom"
    for name in ("device", "vectors", "harness/standins"):
        shutil.copytree(ROOT / "tests" / name, rom / name, ignore=shutil.ignore_patterns("__pycache__"))
    deploy(machine.serve(), rom)
    machine.kill()
    tests = [test for path in sorted((rom / "device").glob("test_*.py")) if wanted(path) for test in _tests(path)]
    boards = [machine.copy(folder / f"{number}.flash") for number in range(_BOARDS)]
    # processes, not threads: while Board connects it redirects the one sys.stdout that threads share
    with ProcessPoolExecutor(_BOARDS) as pool:
        parts = pool.map(_work, boards, [tests[number::_BOARDS] for number in range(_BOARDS)])
        return _rows({test: result for part in parts for test, result in part.items()})


def _tests(path: Path):
    for function in ast.parse(path.read_text()).body:
        if isinstance(function, ast.FunctionDef) and function.name.startswith("test_"):
            yield path.stem, function.name


def _work(board: Machine, tests: list) -> dict:
    """-> {test: (outcome, what the board said)}"""
    results = {}
    with board:
        port = board.serve(_HEAP_KB)
        for test in tests:
            start = time.monotonic()
            results[test] = _outcome(port, *test)
            seconds = time.monotonic() - start
            if results[test][0] in ("failed", "hangs") or seconds > _LONG_S:
                print(f"=== {' '.join(test)}: {results[test][0]} after {seconds:.0f} s\n{results[test][1]}", flush=True)
            if results[test][0] == "hangs":
                port = board.serve(_HEAP_KB)
    return results


def _outcome(port: str, module: str, name: str) -> tuple:
    """-> "passed", "lacking", "failed" or "hangs", and what the board said."""
    try:
        with Board(port) as board:
            board.run(_TEST % (module, name), timeout_s=_SILENCE_S)
    except ToolError as error:
        said = getattr(error.__cause__, "error_output", None)
        if said is None:
            return "hangs", str(error)
        missing = re.search(r"ImportError: no module named '(\w+)'", said)
        if missing and missing[1] in _LACKING:
            return "lacking", _LACKING[missing[1]]
        return "failed", said
    return "passed", ""


def _rows(results: dict) -> list:
    groups = {"passed": [], "lacking": [], "failed": [], "hangs": []}
    for (module, name), (outcome, said) in sorted(results.items()):
        groups[outcome].append((f"{module}.py {name}", said))
    wrong = groups["failed"] + groups["hangs"]
    rows = [Row("passed", "all that need no network", f"{len(groups['passed'])} of {len(results)}", not wrong)]
    rows += [Row(test, "-", f"not run: {said}") for test, said in groups["lacking"]]
    rows += [Row(test, "passes", said.strip().splitlines()[-1], False) for test, said in wrong]
    return rows
