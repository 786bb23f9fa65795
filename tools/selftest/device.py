"""The device of a self-test, its programs, and what they tell: a board on a serial line, or this computer."""

from __future__ import annotations

import ast
import collections
import contextlib
import json
import os
import select
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ..board import flash
from ..board.board import INFO, Board
from ..errors import ToolError
from ..shapes import Json, Progress
from . import interpreter

_FOLDER = "/selftest"
_MAIN, _KEPT = "/main.py", "/main.py.kept"
_START = "import sys\nsys.path.insert(0, %r)\nimport %s as program\nprogram.%s(**%r)\n"
# The user's main.py is never overwritten: it is under one of its two names, whatever happened.
_KEEP = """
import os
try:
    os.stat(%(kept)r)
except OSError:
    try:
        os.rename(%(main)r, %(kept)r)
    except OSError:
        pass
"""
_RESTORE = """
import os
def there(p):
    try:
        os.stat(p)
        return True
    except OSError:
        return False
if there(%(main)r):
    with open(%(main)r) as f:
        ours = f.read(%(length)d) == %(mark)r
    if ours:
        os.remove(%(main)r)
if there(%(kept)r) and not there(%(main)r):
    os.rename(%(kept)r, %(main)r)
"""
_MARK = '"""The board\'s main.py during the self-test'  # what programs/main.py begins with
_MAINS = {"main": _MAIN, "kept": _KEPT, "mark": _MARK, "length": len(_MARK)}
_SHOWN_LINES = 3
_END_S = 10


class Program:
    """A program on a device, and what it tells: events (dicts); other lines, such as a traceback, are its talk."""

    def __init__(self, device: Device) -> None:
        self._device = device
        self._events: collections.deque[Json] = collections.deque()
        self._text = b""
        self.talk: collections.deque[str] = collections.deque(maxlen=50)

    def next(self, timeout_s: float) -> Json | None:
        """The next event, or None when none comes in time; ToolError when the program has ended."""
        deadline = time.monotonic() + timeout_s
        while not self._events:
            left = deadline - time.monotonic()
            if left <= 0:
                return None
            data = self._device.read(min(left, 0.5))
            if data is None:
                raise ToolError(self._device.error or f"its program ended early{self._last()}")
            self._take(data)
        return self._events.popleft()

    def expect(self, event: str, timeout_s: float, **members: Any) -> Json:
        """The next event of this kind with these members; ToolError when it does not come in time."""
        deadline = time.monotonic() + timeout_s
        while True:
            found = self.next(max(0, deadline - time.monotonic()))
            if found is None:
                raise ToolError(f"it did not tell {event!r} in {timeout_s:.0f} s{self._last()}")
            if found["event"] == event and all(found.get(name) == value for name, value in members.items()):
                return found

    def _take(self, data: bytes) -> None:
        *lines, self._text = (self._text + data).split(b"\n")
        for line in lines:
            text = line.decode(errors="replace").strip()
            try:
                event = json.loads(text)
                self._events.append({**event, "event": event["event"]})
            except (ValueError, TypeError, KeyError):
                if text:
                    self.talk.append(text)

    def _last(self) -> str:
        lines = list(self.talk)[-_SHOWN_LINES:]
        return f"; it printed: {' | '.join(lines)}" if lines else ""


class SerialDevice:
    """A board. All is put into one folder of its own; only main.py is exchanged, and kept beside it meanwhile."""

    folder = _FOLDER
    kind = "board"

    def __init__(self, port: str, progress: Progress) -> None:
        self.board = Board(port)
        self._progress = progress
        self.error: str | None = None
        self._main = b""
        self._raw = False  # whether the raw REPL frames what comes

    def __enter__(self) -> SerialDevice:
        self.board.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self.board.__exit__()

    @property
    def place(self) -> str:
        return f"at {self.board.port}"

    def info(self) -> Json:
        return self.board.info()

    def install(self, files: dict[str, bytes]) -> None:
        """Bring the folder to these files, {name: bytes}."""
        self._main = files["main.py"]
        self._restore()  # what an earlier run, cut off, left behind
        wanted = {f"{self.folder}/{name}": data for name, data in files.items()}
        flash.bring_up(self.board, wanted, self.folder, self._progress)
        self.board.set_clock()

    @contextlib.contextmanager
    def run(self, module: str, function: str = "run", **arguments: Any) -> Iterator[Program]:
        """A function of one of the programs, in a fresh interpreter."""
        self.board.fresh()
        self.error, self._raw = None, True
        self.board.start(_START % (self.folder, module, function, arguments))
        yield Program(self)

    @contextlib.contextmanager
    def boot(self) -> Iterator[Program]:
        """The application, started by main.py and whenever the board resets."""
        self.board.fresh()
        self.board.run(_KEEP % _MAINS)
        self.board.write({_MAIN: self._main}, lambda: None)
        self.error, self._raw = None, False
        self.board.restart(lambda line: None, lines=0, seconds=0)
        try:
            yield Program(self)
        finally:
            self._restore()

    def read(self, timeout_s: float) -> bytes | None:
        """The bytes that a program prints; None once it has ended, with `error` for what it raised."""
        data = self.board.read(timeout_s)
        if not self._raw:
            return data
        if self.error is not None:
            return None
        printed, end, trace = data.partition(b"\x04")
        if end:
            deadline = time.monotonic() + _END_S
            while b"\x04" not in trace and time.monotonic() < deadline:
                trace += self.board.read(0.5)
            lines = trace.partition(b"\x04")[0].decode(errors="replace").strip().splitlines()
            self.error = lines[-1] if lines else ""
        return printed if printed or not end else None

    def leave(self) -> None:
        """Take all away again, put main.py back, and start it."""
        self._restore()
        self.board.remove_folder(self.folder)
        self.board.restart(lambda line: None, lines=0, seconds=0)

    def _restore(self) -> None:
        self.board.fresh()
        self.board.run(_RESTORE % _MAINS)


class LocalDevice:
    """This computer's MicroPython in place of a board: a folder is its flash, and it restarts when its program ends."""

    kind = "this computer"
    place = "here"

    def __init__(self, heap: str = "512k") -> None:
        if sys.platform == "win32":  # where select() takes sockets alone
            raise ToolError("on Windows no MicroPython of the computer is examined: plug in a board, without --here")
        self._command = [str(interpreter.found(64)), "-X", f"heapsize={heap}"]
        self._process: Any = None  # a Popen
        self._booting = False
        self.error: str | None = None

    def __enter__(self) -> LocalDevice:
        self.folder = tempfile.mkdtemp(prefix="thing-selftest-")
        return self

    def __exit__(self, *_: object) -> None:
        self._stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def info(self) -> Json:
        """As Board.info()."""
        command = [*self._command, "-c", INFO]
        done = subprocess.run(command, capture_output=True, check=True, env=self._environment())
        return ast.literal_eval(done.stdout.decode())

    def install(self, files: dict[str, bytes]) -> None:
        """Bring the folder to these files, {name: bytes}."""
        for name, data in files.items():
            path = Path(self.folder, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)

    @contextlib.contextmanager
    def run(self, module: str, function: str = "run", **arguments: Any) -> Iterator[Program]:
        """A function of one of the programs, in an interpreter of its own."""
        self._start("-c", _START % (self.folder, module, function, arguments))
        try:
            yield Program(self)
        finally:
            self._stop()

    @contextlib.contextmanager
    def boot(self) -> Iterator[Program]:
        """The application, started by main.py and whenever it ends."""
        self._start(f"{self.folder}/main.py")
        self._booting = True
        try:
            yield Program(self)
        finally:
            self._booting = False
            self._stop()

    def read(self, timeout_s: float) -> bytes | None:
        """The bytes that a program prints; None once it has ended, with `error` for what it raised."""
        if self.error is not None:
            return None
        if not select.select([self._process.stdout], [], [], timeout_s)[0]:
            return b""
        data = os.read(self._process.stdout.fileno(), 65536)
        if not data and self._booting:
            self._stop()
            self._start(f"{self.folder}/main.py")
            return b""
        if not data:
            lines = self._trace().splitlines()
            self.error = lines[-1] if lines else ""
        return data or None

    def leave(self) -> None:
        """Nothing: the folder goes with the device."""

    def _environment(self) -> dict[str, str]:
        return {**os.environ, "MICROPYPATH": f"{self.folder}:.frozen"}

    def _start(self, *words: str) -> None:
        self.error = None
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115  closed with the process
        self._process = subprocess.Popen(
            [*self._command, *words], cwd=self.folder, env=self._environment(), stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=self._errors,
        )  # fmt: skip

    def _trace(self) -> str:
        self._process.wait()
        self._errors.seek(0)
        return self._errors.read().decode(errors="replace").strip()

    def _stop(self) -> None:
        if self._process:
            if self._process.poll() is None:
                self._process.kill()
            self._process.wait()
            self._process.stdout.close()
            self._errors.close()
            self._process = None


Device = SerialDevice | LocalDevice
