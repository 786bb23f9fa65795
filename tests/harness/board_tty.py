"""The line of a make-believe board as a device file that comes and goes with its plug.

It stands in for the tty of a USB serial adapter; what it cannot stand in for: baud rates, DTR and RTS.
"""

import contextlib
import os
import pty
import select
import socket
import threading
import tty
from pathlib import Path
from urllib.parse import urlparse

_LOOK_S = 0.05


class Tty:
    """A board's `port`, a path; plugged in by plug() or `with`, pulled out by unplug()."""

    def __init__(self, board, path: Path) -> None:
        self._place = urlparse(board.port)
        self.port = str(path)
        self._thread = None
        self._held = []  # the ends of those pulled out: as long as they are open, none that is new takes their number

    def __enter__(self):
        self.plug()
        return self

    def __exit__(self, *_) -> None:
        self.unplug()
        for end in self._held:
            os.close(end)

    def plug(self) -> None:
        ours, theirs = pty.openpty()
        tty.setraw(theirs)
        self._held.append(os.dup(theirs))
        line = socket.create_connection((self._place.hostname, self._place.port))
        os.symlink(os.ttyname(theirs), self.port)
        self._out = threading.Event()
        self._thread = threading.Thread(target=self._carry, args=(ours, theirs, line, self._out), daemon=True)
        self._thread.start()

    def unplug(self) -> None:
        if self._thread:
            os.unlink(self.port)
            self._out.set()
            self._thread.join()
            self._thread = None

    @staticmethod
    def _carry(ours, theirs, line, out) -> None:
        """theirs is held open meanwhile: a tty stays when a program closes it."""
        with line, contextlib.suppress(OSError):
            while not out.is_set():
                ready, _, _ = select.select([ours, line], [], [], _LOOK_S)
                if ours in ready:
                    line.sendall(os.read(ours, 4096))
                if line in ready and (data := line.recv(4096)):
                    os.write(ours, data)
        os.close(ours)
        os.close(theirs)
