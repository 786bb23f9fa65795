"""Where a played board runs: a folder's .board has its flash, which stays, and running.json while it runs."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path

from ... import journal
from ...cloud import processes
from ...errors import ToolError
from .board import FIRMWARE, Board

FOLDER = ".board"


def play(folder: Path, interpreter: Path, printed: Callable[[bytes], object], ready: Callable[[Board], object]) -> None:
    """Run the board of a folder until it crashes (ToolError) or something is raised, as by Ctrl-C; ready(board) is
    called before it is switched on. ToolError when one runs there already."""
    from .line import Tty  # there is none on Windows, where the other commands look for a board all the same

    data = folder / FOLDER
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    data.chmod(0o700)  # a key lies in its flash
    with _alone(data), Tty() as line:
        board = Board(interpreter, data / "flash", line, printed, FIRMWARE)
        processes.note(data, os.getpid(), port=line.port)
        try:
            ready(board)
            with board:
                board.wait()
        finally:
            (data / processes.RUNNING).unlink(missing_ok=True)


@contextlib.contextmanager
def _alone(data: Path) -> Iterator[None]:
    lock = data / "lock"
    with contextlib.ExitStack() as held:
        try:
            held.enter_context(journal.lock(lock))
        except ToolError:
            port = (processes.noted(data) or {}).get("port", "its start")
            raise ToolError(f"a board runs in {data.parent.resolve()} already ({port}): Ctrl-C there ends it") from None
        try:
            yield
        finally:
            lock.unlink(missing_ok=True)


def nearest(folder: Path) -> str | None:
    """The port of the board that runs for a folder or one above it, if that is this user's own."""
    data = processes.nearest(folder, FOLDER)
    return str((processes.noted(data) or {})["port"]) if data else None
