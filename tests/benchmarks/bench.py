"""The bench: a folder as on a board, a broker with mutual TLS 1.2, the peers' own environment, and their processes."""

import contextlib
import functools
import os
import shutil
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from aws_iot_tools.board import mpy, umqtt
from aws_iot_tools.dev import setup

from ..harness import CACHE, ROOT, program, romfs
from ..harness.certificates import Authority
from ..harness.mosquitto import Mosquitto
from ..harness.runtimes import Process, Runtime
from .peers import Peer

HERE = Path(__file__).resolve().parent
_PROGRAMS = HERE / "programs"
FOLDER = CACHE / "bench"
HEAP = "112k"  # an ESP32's grown heap: the collector's share is in every figure
_ROBUST = "micropython-umqtt.robust==1.0"
_ROBUST_SHA256 = "950d64b9aaa369a9bcc30d2142ba6c03f10e7ed6083cdc2d3921cedee747ffff"
_PROCESSORS = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []  # only Linux has it


@contextlib.contextmanager
def processor(index: int, runtime: str = ""):
    """What runs and begins in this context stays on that processor of those that this process may use.

    Where each side waits for the other they need but one, and what it costs to wake another is more than is measured.
    Not on CPython: its peers have threads.
    """
    if not _PROCESSORS or runtime == "cpython":
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {_PROCESSORS[index]})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


class Board(Runtime):
    """MicroPython in a folder that looks like a board's, since module paths cost heap: `lib` holds what is imported.

    CPython, for its peers, runs in an environment of its own.
    """

    def command(self, script, *arguments, heap=None) -> list:
        words = super().command(script, *arguments, heap=heap)
        if not self.bits:
            words[0] = str(FOLDER / "venv/bin/python")
        return words

    def environment(self, form="mpy", extra_paths=()) -> dict:
        if self.bits:
            return {"MICROPYPATH": "lib:.frozen"}
        environment = super().environment()
        paths = [str(_PROGRAMS / "lib"), str(_PROGRAMS / "cpython"), environment["PYTHONPATH"]]
        return {**environment, "PYTHONPATH": ":".join(paths)}


@dataclass
class Bench:
    """What every measurement gets."""

    board: Path
    broker: Mosquitto
    quick: bool = False

    def count(self, number: int, stalls: bool = False) -> int:
        """How often to do a thing: fewer times for a peer that stalls each time, or when a quick look is enough."""
        return max(number // (10 if stalls else 1) // (10 if self.quick else 1), 20)

    def run(self, runtime: str, task: str, peer: Peer, *arguments, port=None, heap=HEAP, apart=False) -> Process:
        """Start a task with a peer; the caller ends it (it is a context manager). With `apart` it has a processor of
        its own, as a board has: what flows would else come in larger pieces.
        """
        words = (task, peer.key, "localhost", port or self.broker.port, "thing", *arguments)
        with processor(-1 if apart else 0, runtime):
            return Process(Board(runtime), "main.py", *words, heap=heap, cwd=self.board)

    def program(self, runtime: str, name: str, *arguments, heap: str | None, rom: bool = False) -> Process:
        """Start a whole program of programs/; `rom`: with the library in a ROMFS image."""
        if rom:
            return Process(Board(runtime), "from_rom.py", "data", name + ".py", *arguments, heap=heap, cwd=self.rom)
        return Process(Board(runtime), name + ".py", *arguments, heap=heap, cwd=self.board)

    @functools.cached_property
    def rom(self) -> Path:
        """A board's folder like the other, where all of lib is in the image `data`, a name that the library has."""
        folder = self.board.with_name("rom")
        shutil.copytree(self.board, folder)
        (folder / "of").mkdir()
        (folder / "lib").rename(folder / "of" / "lib")
        (folder / "data").write_bytes(romfs.image(folder / "of"))
        shutil.rmtree(folder / "of")
        for name in ("from_rom", "mount"):
            shutil.copy(program("harness", name), folder)
        return folder


def environment() -> Path:
    """Where the peers on CPython are, AWS's SDKs among them, apart from the project's own; got if missing."""
    setup.make_environment(FOLDER / "venv", "bench")
    return FOLDER / "venv"


@contextlib.contextmanager
def prepare(quick: bool = False):
    """Get what is missing, lay out the board's folder, start the broker, and yield the Bench."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    environment()
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        board, broker = Path(folder) / "board", Path(folder) / "broker"
        broker.mkdir()
        authority = Authority()
        _lay_out(board, authority)
        with processor(0):
            mosquitto = Mosquitto(broker, authority, tls="1.2").start()
        try:
            yield Bench(board, mosquitto, quick)
        finally:
            mosquitto.stop()


def _lay_out(board: Path, authority: Authority) -> None:
    lib = board / "lib"
    lib.mkdir(parents=True)
    mpy.compile_package(_PROGRAMS / "lib", lib)  # first: what is not of its source is removed from a folder
    mpy.compile_package(ROOT / "aws_iot", lib / "aws_iot")
    (lib / "umqtt").mkdir()
    mpy.compile_package(_umqtt(), lib / "umqtt")
    for file in _PROGRAMS.glob("*.py"):
        shutil.copyfile(file, board / file.name)
    (board / "main.py").write_text("import device\n")
    (board / "ca.pem").write_bytes(authority.pem())
    authority.issue("thing", "P-256").write(board, "thing")


def _umqtt() -> Path:
    """umqtt.simple and umqtt.robust in one folder."""
    package = FOLDER / "umqtt"
    if not (package / "robust.py").exists():
        unearth = Path(sys.executable).parent / "unearth"
        umqtt.get(unearth)
        package.mkdir(exist_ok=True)
        shutil.copyfile(umqtt.FOLDER / "umqtt" / "simple.py", package / "simple.py")
        umqtt.download(unearth, _ROBUST, "umqtt/robust.py", _ROBUST_SHA256, package / "robust.py")
    return package
