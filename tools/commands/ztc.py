"""thing ztc: the original toolchain's command line, for the scripts that were written for it."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..cli import Group, LazyGroup, pass_context
from ..main import COMMANDS, SPELLINGS
from . import flash

if TYPE_CHECKING:
    from ..cli import Context

_WAIT_S = 600
_AWS = ("thing-project-from-template", "add-things", "set-active-thing", "iot-cleanup", "iot-fota-start")


@click.group(cls=Group)
def command() -> None:
    """The original toolchain's words: a script that has `ztc` set to `thing ztc` runs as it is."""


command.add_command(
    LazyGroup(
        name="aws",
        table={name: COMMANDS[name] for name in _AWS},
        spellings=SPELLINGS,
        package=__package__,
        help="The commands of `ztc aws`, which are those of `thing` of the same names.",
    )
)


@command.command("compile")
@click.argument("path", type=click.Path(file_okay=False))
@click.argument("device")
@pass_context
def compile_(context: Context, path: str, device: str) -> None:
    """Check the project in PATH as `uplink` would, and compile its code for DEVICE.

    All boards take the same code, so that DEVICE says nothing here; no file is made.
    """
    from ..board import uplink
    from ..things.project import Project

    number = uplink.compile_all(Project.open(path))
    context.out.say(f"{number} files compile")


@command.command("uplink")
@click.argument("device")
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--wait", type=click.FloatRange(min=0), default=_WAIT_S, metavar="S",
    help="How long a board without a thing is waited for. [default: 600]",
)  # fmt: skip
@pass_context
@click.pass_context
def uplink(current: click.Context, context: Context, device: str, file: Path, wait: float) -> None:
    """Put the project that FILE is in on a board, as its active thing: `thing flash`.

    DEVICE is a port, or any name for what is at THING_PORT, else for the only board there is. A board that is another
    thing of the project is left as it is, and the next one waited for; a thing that has its board elsewhere keeps it.
    """
    from ..board import uplink
    from ..things.project import Project

    project = Project.open(file.parent)
    named = device if re.search(r"[/\\]|^COM\d+$", device) else None
    port = uplink.await_board(project, named or _default_port(), wait, context.out.say)
    if port is None:
        context.out.say(f"{project.active()} has its board already: `thing flash {file.parent}` gives it to another")
        return
    current.invoke(flash.command, path=str(file.parent), port=port)


def _default_port() -> str | None:
    return os.environ.get("THING_PORT") or None
