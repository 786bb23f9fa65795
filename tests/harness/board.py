"""A make-believe board that the real mpremote talks to over socket://.

It stands in for an ESP32 on a USB serial line: 32-bit MicroPython with an ESP32's heap, a folder as its flash, and a
raw REPL (board_repl.py) behind a TCP server. What it cannot stand in for: flash that wears or fills, Wi-Fi, an RTC,
and a serial line that drops bytes.
"""

import contextlib
import os
import re
import selectors
import signal
import socket
import subprocess
import tempfile
import threading
import time
from pathlib import Path

from . import HANG_S
from .runtimes import RUNTIMES

_REPL = Path(__file__).with_name("board_repl.py")
_MODES = {11: "friendly", 12: "raw"}  # exit status of board_repl.py -> what the board comes up in
_UP = b"\x06"  # what board_repl.py sends first of all: a Ctrl-C before that would end the interpreter, not its program
_SETTLE_S = 0.05  # Ctrl-C travels as a signal: it must be there before the bytes that follow it
_PATIENCE_S = 10
_UART = 65536  # bytes that wait for a board that does not read: what a pipe holds
# On a board Ctrl-C waits for the next bytecode; here it is a signal, which may meet the collector and leave the heap
# locked. So it is sent while the board sleeps; where it never does, and that happens, the board comes up at its prompt,
# where Ctrl-C would have left it.
_CALM_S = 0.5
_LOCKED, _LAST_BYTES = b"MemoryError: memory allocation failed, heap is locked", 500
_PENDING = re.compile(r"^(?:SigPnd|ShdPnd):\s*(\w+)", re.M)

# A boot.py that stands in for worn flash or a bad cable: one bit of what is written into one file does not stay.
WORN = """
import builtins
whole = builtins.open
class Worn:
    def __init__(self, file):
        self.file, self.close = file, file.close
    def write(self, data):
        return self.file.write(bytes((data[0] ^ 1,)) + data[1:])
def worn(path, mode="r"):
    return Worn(whole(path, mode)) if (path, mode) == ("/helpers.py.new", "wb") else whole(path, mode)
builtins.open = worn
"""


class Board:
    """A board that is switched on by start(); `port` is what --port takes, `flash` the folder of its files.

    `rom`: the kind of its ROMFS (board_rom.py), which lies in the file `partition`; firmware of most boards has none.
    """

    def __init__(self, flash, firmware="", heap="128k", rom="", rom_bytes=128 * 1024) -> None:
        self.flash = Path(flash)
        self.flash.mkdir(parents=True, exist_ok=True)
        self.partition = self.flash.with_name(f"{self.flash.name}.rom").resolve() if rom else ""
        if rom and not self.partition.exists():
            self.partition.write_bytes(b"\xff" * rom_bytes)
        self._rom = rom
        self.starts = 0
        self._switched = False
        self._firmware, self._heap = str(firmware), heap
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = f"socket://127.0.0.1:{self._listener.getsockname()[1]}"
        self._client = None
        self._process = None
        self._stopped, self._up = threading.Event(), threading.Event()
        self._lock = threading.Lock()
        self._threads = []
        self._output = bytearray()

    def __enter__(self):
        return self.start()

    def __exit__(self, *_) -> None:
        self.stop()

    def start(self) -> "Board":
        self._end, self._keys = os.pipe()  # one for all starts: what is typed while it restarts waits in the UART
        os.set_blocking(self._end, False)  # so that the REPL can take all that has come at once
        self._boot("friendly")
        for loop in (self._run, self._serve):
            self._threads.append(threading.Thread(target=loop, daemon=True))
            self._threads[-1].start()
        return self

    @property
    def output(self) -> str:
        """All that the board has sent since it was switched on, whether somebody listened or not."""
        return self._output.decode(errors="replace")

    def switch(self) -> None:
        """Switch the board off and on again."""
        self._switched = True
        starts = self.starts
        self._process.kill()
        while self.starts == starts:
            if not self._threads[0].is_alive():
                raise AssertionError(f"the board had crashed before it was switched off:\n{self.output[-3000:]}")
            time.sleep(0.01)

    def pull_the_cable(self) -> None:
        """End the connection; the board runs on."""
        self._drop_client()

    def expect(self, text: str, timeout_s: float = HANG_S) -> None:
        """Wait until the board has printed a text; AssertionError shows what it printed instead."""
        deadline = time.monotonic() + timeout_s
        while text not in self.output:
            if time.monotonic() > deadline:
                raise AssertionError(f"the board did not print {text!r} within {timeout_s} s:\n{self.output[-3000:]}")
            time.sleep(0.02)

    def stop(self) -> None:
        with self._lock:  # not while it restarts: the new process would go on for ever
            self._stopped.set()
            self._process.kill()
        self._process.wait()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._drop_client()
        for thread in self._threads:
            thread.join(5)
        for end in (self._end, self._keys):
            os.close(end)

    def _boot(self, mode: str) -> None:
        runtime = RUNTIMES["mp32"]
        places = (self.flash.resolve(), mode, self._firmware, self._rom, self.partition)
        arguments = runtime.command(_REPL, *places, heap=self._heap)
        environment = {key: value for key, value in os.environ.items() if key != "MICROPYPATH"}
        self._process = subprocess.Popen(
            arguments, stdin=self._end, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, bufsize=0,
            env=environment, cwd=tempfile.gettempdir(), start_new_session=True,
        )  # fmt: skip
        self.starts += mode != "prompt"

    def _run(self) -> None:
        """Carry what the board sends; when its process ends, it was a soft reset: start the next."""
        while not self._stopped.is_set():
            while data := self._process.stdout.read(4096):
                if not self._up.is_set():
                    data = data.removeprefix(_UP)
                    self._up.set()
                self._output += data
                with self._lock, contextlib.suppress(OSError):
                    if self._client:
                        self._client.sendall(data)
            self._up.clear()
            mode = _MODES.get(self._process.wait(), "friendly" if self._switched else None)
            if not mode and _LOCKED in self._output[-_LAST_BYTES:]:
                mode = "prompt"
            with self._lock:  # nobody types meanwhile
                if self._stopped.is_set() or not mode:  # switched off, or crashed: that is not hidden by a restart
                    return
                if self._switched:
                    with contextlib.suppress(BlockingIOError):
                        os.read(self._end, _UART)
                self._switched = False
                self._boot(mode)

    def _serve(self) -> None:
        """One connection at a time, as a serial port has."""
        while not self._stopped.is_set():
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with self._lock:
                self._client = client
            with contextlib.suppress(OSError), selectors.DefaultSelector() as selector:
                selector.register(client, selectors.EVENT_READ)
                while not self._stopped.is_set() and self._client is client:  # a pulled cable closes it unseen
                    if selector.select(0.2):
                        data = client.recv(4096)
                        # mpremote's end has Nagle's algorithm on: each of its small writes waits for this
                        if hasattr(socket, "TCP_QUICKACK"):
                            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
                        if not data:
                            break
                        self._type(data)
            self._drop_client()

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

    def _drop_client(self) -> None:
        with self._lock:
            if self._client:
                with contextlib.suppress(OSError):
                    self._client.shutdown(socket.SHUT_RDWR)
                self._client.close()
                self._client = None
