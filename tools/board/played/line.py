"""The serial line of a board that this computer plays: a tty, which, unlike a TCP port, no other user may open.

It stands in for the tty of a USB serial adapter; what it cannot stand in for: baud rates, DTR and RTS.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import select
import struct
import termios
import threading
import time
import tty
from collections.abc import Iterator

_ROOM = 2048  # bytes that may wait for a reader: a tty holds 4095
_DEAF_S = 1  # after so long nobody reads: what is sent is lost, as on a UART
_SLOW_S = 60  # but who has the port may get no turn for so long, on a busy machine
_LOOK_S = 0.2


class Tty:
    """`port` is its name, /dev/pts/... on Linux."""

    def __init__(self) -> None:
        self._ours, self._theirs = os.openpty()  # theirs is held open: a tty stays when a program closes it
        tty.setraw(self._theirs)
        os.set_blocking(self._ours, False)
        self.port = os.ttyname(self._theirs)
        self._closed = threading.Event()
        self._deaf = False

    def __enter__(self) -> Tty:
        return self

    def __exit__(self, *_: object) -> None:
        for end in (self._ours, self._theirs):
            os.close(end)

    def send(self, data: bytes) -> None:
        """Lost where nobody reads; lines end as a board ends them."""
        data = data.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
        begin = time.monotonic()
        while data:
            if self._waiting() < _ROOM:
                with contextlib.suppress(BlockingIOError):
                    data = data[os.write(self._ours, data[:_ROOM]) :]
                    continue
            if self._closed.is_set() or self._is_lost(time.monotonic() - begin):
                self._deaf = True
                return
            time.sleep(0.002)
        self._deaf = False

    def typed(self) -> Iterator[bytes]:
        while not self._closed.is_set():
            if select.select([self._ours], [], [], _LOOK_S)[0]:
                with contextlib.suppress(OSError):
                    yield os.read(self._ours, 4096)

    def close(self) -> None:
        """End typed() and send(); its end as a context manager gives the tty back."""
        self._closed.set()

    def _is_lost(self, waited_s: float) -> bool:
        """Whether what had no room for so long waits for nobody."""
        if waited_s < (0 if self._deaf else _DEAF_S):
            return False
        return waited_s >= _SLOW_S or not self._is_held()

    def _is_held(self) -> bool:
        """Whether a program has locked the port, as pyserial does: Linux tells (proc_locks(5)), others do not."""
        port = os.fstat(self._theirs)
        lock = f" {os.major(port.st_dev):02x}:{os.minor(port.st_dev):02x}:{port.st_ino} "
        try:
            with open("/proc/locks", encoding="ascii") as locks:
                return lock in locks.read()
        except OSError:
            return False

    def _waiting(self) -> int:
        """Bytes that were sent and not read."""
        (count,) = struct.unpack("i", fcntl.ioctl(self._theirs, termios.FIONREAD, bytes(4)))
        return int(count)
