"""The tests of tests/device on the board, through its REPL by mpremote: for each a soft reset, and so a heap of its own.

The library lies in /lib as `thing flash` put it there, the tests in ROMFS. Tests of what this board lacks are named with
the reason; they are known by the exception that says so.
"""

import ast
import queue
import re
import shutil
import threading
import time
from pathlib import Path

from aws_iot_tools.board import Board
from aws_iot_tools.errors import ToolError

from tests.harness import ROOT

from .heap import deploy
from .machine import Machine
from .rows import Row

TITLE = "tests/device"
_BOARDS = 2
_HEAP_KB = 1024  # the largest test makes messages of 128 KB
_SILENCE_S = 300  # an emulated board on a busy machine is slow
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


def run(machine: Machine, folder: Path) -> list:
    """machine: a board that was flashed. -> rows"""
    rom = folder / "device-rom"
    for name in ("device", "vectors", "harness/standins"):
        shutil.copytree(ROOT / "tests" / name, rom / name, ignore=shutil.ignore_patterns("__pycache__"))
    deploy(machine.serve(), rom)
    machine.kill()
    tests, results = queue.SimpleQueue(), {}
    for test in _tests(rom / "device"):
        tests.put(test)
    boards = [machine.copy(folder / f"device{number}.flash") for number in range(_BOARDS)]
    threads = [threading.Thread(target=_work, args=(board, tests, results)) for board in boards]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return _rows(results)


def _tests(folder: Path):
    for path in sorted(folder.glob("test_*.py")):
        for function in ast.parse(path.read_text()).body:
            if isinstance(function, ast.FunctionDef) and function.name.startswith("test_"):
                yield path.stem, function.name


def _work(board: Machine, tests, results: dict) -> None:
    with board:
        port = board.serve(_HEAP_KB)
        while True:
            try:
                test = tests.get_nowait()
            except queue.Empty:
                return
            start = time.monotonic()
            results[test] = *_outcome(port, *test), time.monotonic() - start
            if results[test][0] == "hangs":
                port = board.serve(_HEAP_KB)


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
    for (module, name), (outcome, said, seconds) in sorted(results.items()):
        groups[outcome].append((f"{module}.py {name}", said, seconds))
    wrong = groups["failed"] + groups["hangs"]
    rows = [Row("passed", "all that need no network", f"{len(groups['passed'])} of {len(results)}", not wrong)]
    rows += [Row(test, "-", f"not run: {said}") for test, said, _ in groups["lacking"]]
    rows += [Row(test, "passes", said.strip().splitlines()[-1], False) for test, said, _ in wrong]
    for test, said, _ in wrong:
        print(f"=== {test}\n{said}")
    return rows
