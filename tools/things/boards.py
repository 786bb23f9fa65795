"""Which board has which thing of a project: in the things' records, and changed under the project's lock alone.

"board" of a record, from when a board is about to get the thing: chip (its id, hex; None where the firmware tells
none); then, with the thing's files on it, platform, machine, free (bytes), micropython, library and program (versions),
flashed (UTC), and ready: whether it was seen to connect. No two things have the same chip.
"""

from __future__ import annotations

import contextlib
import importlib.metadata
import time
from typing import TYPE_CHECKING

from ..errors import ToolError
from ..shapes import Json
from . import files

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .project import Project
    from .record import Record

_OF_BOARD = ("chip", "platform", "machine", "free")


def described(record: Record) -> Json | None:
    """What is known of the board that has a thing, None before it has its files."""
    board: Json | None = record.get("board")
    return board if board and board.get("platform") else None


def holder(project: Project, chip: str | None) -> Record | None:
    """The thing that the board with this chip has, or is about to get."""
    return next((each for each in _records(project) if chip and (each.get("board") or {}).get("chip") == chip), None)


def free(project: Project) -> list[str]:
    """The names of the things that no board has."""
    return [record.name for record in _records(project) if not record.get("board")]


def awaited(project: Project) -> list[str]:
    """The names of the things that a board was about to get when it was cut off: it alone gets them."""
    return [record.name for record in _records(project) if record.get("board") and not described(record)]


def assign(project: Project, chip: str) -> Record:
    """The thing for the board with this chip: its own, else the next that no board has, from now on its own."""
    with project.lock(wait=True):
        mine = holder(project, chip)
        if mine:
            return mine
        names = free(project)
        if not names:
            waiting = awaited(project)
            kept = f" ({', '.join(waiting[:5])}: kept for boards that were cut off)" if waiting else ""
            raise ToolError(f"no thing is without a board{kept}: `thing add` makes more")
        record = project.record(names[0])
        record.set(board={"chip": chip})
        return record


def note(project: Project, name: str, info: Json, ready: bool) -> None:
    """Write down that a board (info: as it tells of itself) has a thing. What else it had is without a board again.

    A project that cannot be written to is flashed all the same.
    """
    record = project.record(name)
    if not record.get("done"):  # of a file that somebody wrote, or deleted meanwhile
        return
    board = {key: info[key] for key in _OF_BOARD}
    board.update(
        micropython=".".join(map(str, info["version"])),
        library=importlib.metadata.version("micropython-aws-iot"),
        program=files.version(project.folder),
        flashed=time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        ready=ready,
    )
    with contextlib.suppress(OSError), project.lock(wait=True):
        for other in _records(project):
            if info["chip"] and other.name != name and (other.get("board") or {}).get("chip") == info["chip"]:
                other.set(board=None)
        record.set(board=board)


def release(project: Project, name: str) -> None:
    """A thing that is on no board is for the next one."""
    with project.lock(wait=True):
        record = project.record(name)
        if record.get("board"):
            record.set(board=None)


def _records(project: Project) -> Iterator[Record]:
    """Those of the things that are made."""
    return (record for record in map(project.record, project.things()) if record.get("done"))
