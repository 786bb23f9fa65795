"""A production line: boards are plugged in at several ports, one after the other, and each becomes the next thing."""

from __future__ import annotations

import glob
import os
import queue
import stat
import sys
import threading
import time
from collections.abc import Callable, Iterable
from fnmatch import fnmatch
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import ToolError
from ..shapes import Say
from ..things import boards
from . import flash, line_board
from .line_board import Visit

if TYPE_CHECKING:
    from .flash import Order

Plug = tuple[int, ...]  # what tells one time that a port is there from another

_LOOK_S = 0.1
_COUNT_S = 2


def check(places: Iterable[str]) -> None:
    """ToolError for what can be no port."""
    for place in places:
        if os.path.isfile(place):
            raise ToolError(f"{place} is a file, and no port: name ports, a pattern of them, or a folder that has them")


def present(places: Iterable[str]) -> dict[str, Plug]:
    """The ports that are there now of those that these name: ports, patterns of them, and folders that have them."""
    found: dict[str, Plug] = {}
    for port in (port for place in places for port in _ports(place)):
        plug = _plug(port)
        if plug is not None and (not plug or plug not in found.values()):  # a port may have two names
            found[port] = plug
    return found


def _ports(place: str) -> list[str]:
    if sys.platform == "win32":
        from serial.tools import list_ports

        return sorted(port.device for port in list_ports.comports() if fnmatch(port.device, place.upper()))
    if place.startswith("socket://"):
        return [place]
    return sorted(map(str, Path(place).iterdir()) if os.path.isdir(place) else glob.glob(place))


def _plug(port: str) -> Plug | None:
    """() where nothing tells; None for what is no port, or not there any more."""
    if sys.platform == "win32" or port.startswith("socket://"):
        return ()
    try:
        found = os.stat(port)
    except OSError:
        return None
    return (found.st_dev, found.st_ino) if stat.S_ISCHR(found.st_mode) else None


class Line:
    """Its ports, and the boards at work there, each in a thread of its own."""

    def __init__(self, order: Order, places: list[str]) -> None:
        check(places)
        self._order, self._places = order, places
        self._shared = flash.shared_files(order.project)
        self._seen: dict[str, Plug] = {}  # the ports whose board was begun with
        self._busy: set[str] = set()
        self._open, self._next_look = True, 0.0  # whether a thing is left, and when that is looked at again
        self._said: queue.Queue[tuple[str, str | Visit]] = queue.Queue()
        self.done: list[Visit] = []
        self.failed: dict[str, Visit] = {}  # those that were not done later: by chip, or port

    def run(self, tell: Callable[[str, str], object], report: Callable[[Visit], object], ending: Say) -> None:
        """Until each thing has its board; tell(port, text) and report(visit) say how it goes on.

        After Ctrl-C no further board is begun with, which ending(text) is told of, and it is passed on when those at
        work are done. A second one leaves these as they are.
        """
        try:
            while self._busy or self._is_open():
                self._begin()
                self._listen(tell, report)
        except KeyboardInterrupt:
            if self._busy:
                ending(f"finishing {', '.join(sorted(self._busy))}; Ctrl-C again leaves them, and nothing is lost")
            while self._busy:
                self._listen(tell, report)
            raise

    def _is_open(self) -> bool:
        """Whether a thing is without its board. Another line may take the last one; looking reads a file per thing."""
        start = time.monotonic()
        if start >= self._next_look:
            project = self._order.project
            self._open = bool(boards.free(project) or boards.awaited(project))
            self._next_look = start + max(_COUNT_S, 10 * (time.monotonic() - start))
        return self._open

    def _begin(self) -> None:
        """Look for boards that were plugged in."""
        there = present(self._places)
        self._seen = {port: plug for port, plug in self._seen.items() if there.get(port) == plug or port in self._busy}
        for port in there.keys() - self._seen.keys():
            self._seen[port] = there[port]
            self._busy.add(port)
            threading.Thread(target=self._work, args=(port,), daemon=True).start()

    def _work(self, port: str) -> None:
        def say(text: str) -> None:
            self._said.put((port, text))

        self._said.put((port, line_board.equip(self._order, self._shared, port, say)))

    def _listen(self, tell: Callable[[str, str], object], report: Callable[[Visit], object]) -> None:
        """Pass on what the boards at work have to say, waiting a little for it."""
        try:
            port, what = self._said.get(timeout=_LOOK_S)
        except queue.Empty:
            return
        if isinstance(what, str):
            tell(port, what)
            return
        self._busy.discard(port)
        self._next_look = 0.0
        if what.state == "done":
            self.done.append(what)
        if what.state == "failed":
            self.failed[what.chip or port] = what
        else:
            self.failed.pop(what.chip or port, None)
        report(what)
