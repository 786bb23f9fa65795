"""The board that `thing board` plays (tools/board/played), on 32-bit MicroPython, as tests need it: at socket://, with
all it has sent, and with faults of its flash and its cable.
"""

import contextlib
import selectors
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from aws_iot_tools.board.played import board

from . import HANG_S
from .runtimes import RUNTIMES

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


class Board(board.Board):
    """A board that is switched on by start() or `with`; `port` is what --port takes, `flash` the folder of its files.

    `rom`: the kind of its ROMFS, which lies in the file `partition`; firmware of most boards has none.
    """

    def __init__(self, flash, firmware="", heap="128k", rom="", rom_bytes=128 * 1024) -> None:
        self._output = bytearray()
        flash = Path(flash)
        flash.mkdir(parents=True, exist_ok=True)
        self.partition = flash.with_name(f"{flash.name}.rom").resolve() if rom else ""
        if rom and not self.partition.exists():
            self.partition.write_bytes(b"\xff" * rom_bytes)
        interpreter = RUNTIMES["mp32"].interpreter
        super().__init__(interpreter, flash, Tcp(), self._output.extend, firmware, heap, rom, self.partition)

    @property
    def output(self) -> str:
        """All that the board has sent since it was switched on, whether somebody listened or not."""
        return self._output.decode(errors="replace")

    def pull_the_cable(self) -> None:
        """End the connection; the board runs on."""
        self.line.drop()

    def expect(self, text: str, timeout_s: float = HANG_S) -> None:
        """Wait until the board has printed a text; AssertionError shows what it printed instead."""
        deadline = time.monotonic() + timeout_s
        while text not in self.output:
            if time.monotonic() > deadline:
                raise AssertionError(f"the board did not print {text!r} within {timeout_s} s:\n{self.output[-3000:]}")
            time.sleep(0.02)


class Tcp:
    """A board's line as a TCP server: one connection at a time, as a serial port has."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = f"socket://127.0.0.1:{self._listener.getsockname()[1]}"
        self._client = None
        self._closed = False
        self._lock = threading.Lock()

    def send(self, data: bytes) -> None:
        with self._lock, contextlib.suppress(OSError):
            if self._client:
                self._client.sendall(data)

    def typed(self) -> Iterator[bytes]:
        while not self._closed:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with self._lock:
                self._client = client
            with contextlib.suppress(OSError), selectors.DefaultSelector() as selector:
                selector.register(client, selectors.EVENT_READ)
                while not self._closed and self._client is client:  # a pulled cable closes it unseen
                    if selector.select(0.2):
                        data = client.recv(4096)
                        # mpremote's end has Nagle's algorithm on: each of its small writes waits for this
                        if hasattr(socket, "TCP_QUICKACK"):
                            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
                        if not data:
                            break
                        yield data
            self.drop()

    def close(self) -> None:
        self._closed = True
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.drop()

    def drop(self) -> None:
        """End the connection that there is."""
        with self._lock:
            if self._client:
                with contextlib.suppress(OSError):
                    self._client.shutdown(socket.SHUT_RDWR)
                self._client.close()
                self._client = None
