"""For scripts that go from thing to thing, as the original toolchain's do: what is looked at, and what is waited for,
before the active thing is put on a board."""

from __future__ import annotations

import subprocess
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import ToolError
from ..shapes import Say
from ..things import boards
from . import checks, flash, line, mpy, ports
from .board import Board

if TYPE_CHECKING:
    from ..things.project import Project

_LOOK_S = 0.2


def compile_all(project: Project) -> int:
    """Check a project as it would be before it is flashed, and compile its code; -> how many files that is.

    Nothing is kept: a board gets the project's code as it is, and the library compiled.
    """
    checks.check(project)
    flash.library("lib", bring_umqtt=False)
    code = {path: data for path, data in flash.project_files(project).items() if path.endswith(".py")}
    with tempfile.TemporaryDirectory() as scratch:
        for path, data in code.items():
            source = Path(scratch, "code", path.lstrip("/"))
            source.parent.mkdir(parents=True, exist_ok=True)
            source.write_bytes(data)
        try:
            mpy.compile_package(Path(scratch, "code"), Path(scratch, "compiled"))
        except subprocess.CalledProcessError as error:
            said = error.stderr.strip().splitlines() or ["mpy-cross says no reason"]
            raise ToolError(f"{' '.join(line.strip() for line in said[-3:])}") from error
    return len(code)


def await_board(project: Project, port: str | None, wait_s: float, say: Say) -> str | None:
    """The port of the board that is to get the active thing, waited for: its own, else one that has no thing yet. None
    where the active thing has a board that is not there. say(text) is told what is waited for."""
    name = project.active() or ""
    mine = (boards.described(project.record(name)) or {}).get("chip")
    deadline, seen, told = time.monotonic() + wait_s, None, ""
    while True:
        try:
            place = port or ports.find(lambda text: None)  # what is waited for is said
            plug = line.present([place]).get(place)
            if plug is None:
                raise ports.refused(place)
            if plug != seen:
                has = _look(project, place, name)
                if has == name or not (has or mine):
                    return place
                seen, reason = plug, f"the board at {place} is {has}"
        except ToolError as error:
            reason = str(error)
        if mine:
            return None
        if reason != told:
            told = reason
            say(f"{reason}; waiting for a board that is no thing yet")
        if time.monotonic() > deadline:
            raise ToolError(f"no board came for {name} within {wait_s:g} s: {reason}")
        time.sleep(_LOOK_S)


def _look(project: Project, port: str, name: str) -> str | None:
    """The name of the thing that the board at a port has, if any; another than this one goes on running as it."""
    with Board(port) as board:
        record = boards.holder(project, board.info()["chip"])
        if record and record.name != name:
            board.restart(lambda text: None, lines=0, seconds=0)
    return record.name if record else None
