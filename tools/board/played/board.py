"""A board that is a MicroPython of this computer, its flash a folder, its serial line that of line.py."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol

from ...errors import ToolError

FIRMWARE = Path(__file__).with_name("firmware")
_REPL = Path(__file__).parent / "device" / "repl.py"
_MODES = {11: "friendly", 12: "raw"}  # exit status of repl.py -> what the board comes up in
_UP = b"\x06"  # what repl.py sends first of all: a Ctrl-C before that would end the interpreter, not its program
_SETTLE_S = 0.05  # Ctrl-C travels as a signal: it must be there before the bytes that follow it
_PATIENCE_S = 10
_UART = 65536  # bytes that wait for a board that does not read: what a pipe holds
# On a board Ctrl-C waits for the next bytecode; here it is a signal, which may meet the collector and leave the heap
# locked. So it is sent while the board sleeps; where it never does, and that happens, the board comes up at its prompt,
# where Ctrl-C would have left it.
_CALM_S = 0.5
_LOCKED, _LAST_BYTES = b"MemoryError: memory allocation failed, heap is locked", 500
_PENDING = re.compile(r"^(?:SigPnd|ShdPnd):\s*(\w+)", re.M)


class Line(Protocol):
    """A board's serial line: `port` is what --port takes."""

    port: str

    def send(self, data: bytes) -> None: ...

    def typed(self) -> Iterator[bytes]:
        """What comes, until the line is closed."""

    def close(self) -> None: ...


class Board:
    """A board that is switched on by start(); `flash` is the folder of its files, `printed(bytes)` gets all it sends.

    `heap` as MicroPython's -X heapsize takes it; `firmware` a folder of modules; `rom` the kind of its ROMFS
    (device/rom.py), which lies in the file `partition`: firmware of most boards has none.
    """

    def __init__(
        self,
        interpreter: Path,
        flash: Path,
        line: Line,
        printed: Callable[[bytes], object],
        firmware: str | Path = "",
        heap: str = "128wk",  # of an ESP32; "w": twice that where a word has 64 bits
        rom: str = "",
        partition: str | Path = "",
    ) -> None:
        self.flash = flash
        self.flash.mkdir(parents=True, exist_ok=True)
        self.line, self.port = line, line.port
        self.starts = 0
        self._interpreter, self._printed = interpreter, printed
        self._firmware, self._heap, self._rom, self._partition = firmware, heap, rom, partition
        self._switched = False
        self._process: subprocess.Popen[bytes]
        self._stopped, self._up = threading.Event(), threading.Event()
        self._lock = threading.Lock()
        self._threads: list[threading.Thread] = []

    def __enter__(self) -> Board:
        try:
            self.start()
        except BaseException:  # Ctrl-C, or a closed terminal, before `with` has it
            if hasattr(self, "_process"):
                self.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        self._end, self._keys = os.pipe()  # one for all starts: what is typed while it restarts waits in the UART
        os.set_blocking(self._end, False)  # so that the REPL can take all that has come at once
        self._boot("friendly")
        for loop in (self._run, self._listen):
            thread = threading.Thread(target=loop, daemon=True)
            thread.start()
            self._threads.append(thread)

    def wait(self) -> None:
        """Return when the board has crashed, which a board would end in a reset: ToolError with what ended it."""
        while self._threads[0].is_alive():
            self._threads[0].join(0.2)  # in pieces: Ctrl-C comes in between
        raise ToolError(f"the board's MicroPython has ended ({self._process.returncode}): `thing board` starts it anew")

    def switch(self) -> None:
        """Switch the board off and on again."""
        self._switched = True
        starts = self.starts
        self._process.kill()
        while self.starts == starts:
            if not self._threads[0].is_alive():
                raise ToolError("the board had crashed before it was switched off")
            time.sleep(0.01)

    def stop(self) -> None:
        with self._lock:  # not while it restarts: the new process would go on for ever
            self._stopped.set()
            self._process.kill()
        self._process.wait()
        self.line.close()
        for thread in self._threads:
            thread.join(5)
        for end in (self._end, self._keys):
            os.close(end)

    def _boot(self, mode: str) -> None:
        places = (self.flash.resolve(), mode, self._firmware, self._rom, self._partition)
        environment = {key: value for key, value in os.environ.items() if key != "MICROPYPATH"}
        self._process = subprocess.Popen(
            [self._interpreter, "-X", f"heapsize={self._heap}", _REPL, *map(str, places)],
            stdin=self._end, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, bufsize=0,
            env=environment, cwd=tempfile.gettempdir(), start_new_session=True,
        )  # fmt: skip
        self.starts += mode != "prompt"

    def _run(self) -> None:
        """Carry what the board sends; when its process ends, it was a soft reset: start the next."""
        while not self._stopped.is_set():
            last = b""
            assert self._process.stdout
            while data := self._process.stdout.read(4096):
                if not self._up.is_set():
                    data = data.removeprefix(_UP)
                    self._up.set()
                last = (last + data)[-_LAST_BYTES:]
                self._printed(data)
                self.line.send(data)
            self._process.stdout.close()
            self._up.clear()
            mode = _MODES.get(self._process.wait(), "friendly" if self._switched else "")
            if not mode and _LOCKED in last:
                mode = "prompt"
            with self._lock:  # nobody types meanwhile
                if self._stopped.is_set() or not mode:  # switched off, or crashed: that is not hidden by a restart
                    return
                if self._switched:
                    with contextlib.suppress(BlockingIOError):
                        os.read(self._end, _UART)
                self._switched = False
                self._boot(mode)

    def _listen(self) -> None:
        for data in self.line.typed():
            self._type(data)

    def _type(self, data: bytes) -> None:
        while data and not self._stopped.is_set():
            text, interrupt, data = data.partition(b"\x03")
            with self._lock:
                os.write(self._keys, text)
            if interrupt:
                self._interrupt()

    def _interrupt(self) -> None:
        """Send Ctrl-C and wait until the board has it, which may take a while when the machine is busy."""
        deadline = time.monotonic() + _PATIENCE_S
        sent = False
        self._await_sleep(time.monotonic() + _CALM_S)
        while not sent and self._up.wait(deadline - time.monotonic()):
            with self._lock:
                sent = self._up.is_set()  # and not restarting again, meanwhile
                if sent:
                    self._process.send_signal(signal.SIGINT)
        while self._is_pending(signal.SIGINT) and time.monotonic() < deadline:
            time.sleep(0.01)
        time.sleep(_SETTLE_S)

    def _await_sleep(self, deadline: float) -> None:
        """Until the board's process waits for something, as most programs do all the time; not what counts for ever."""
        while "(sleeping)" not in (self._status() or "(sleeping)") and time.monotonic() < deadline:
            time.sleep(0.001)

    def _is_pending(self, number: int) -> bool:
        """Whether the signal was sent to the board's process and has not reached it."""
        return any(int(signals, 16) >> number - 1 & 1 for signals in _PENDING.findall(self._status()))

    def _status(self) -> str:
        """What Linux tells of the board's process; "" when it has ended, or this is not Linux."""
        with contextlib.suppress(OSError):
            return Path(f"/proc/{self._process.pid}/status").read_text()
        return ""
