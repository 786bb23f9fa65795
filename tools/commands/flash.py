"""thing flash: put library, project, certificate and key on a board."""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING

import click

from ..cli import Command, pass_context, say_port

if TYPE_CHECKING:
    from ..board import flash
    from ..board.board import Board
    from ..cli import Context
    from ..output import Output
    from ..shapes import Json

_READY = "ready"  # what the programs of `thing new` and of the examples print once AWS has taken their subscriptions


@click.command(cls=Command)
@click.argument("path", type=click.Path(file_okay=False), default=".")
@click.option(
    "--port",
    metavar="P",
    envvar="THING_PORT",
    help="The board's serial port, as mpremote takes it. [default: the one board found]",
)
@click.option("--mpy/--py", default=True, help="Send the library compiled or as source. [default: --mpy]")
@click.option("--romfs", is_flag=True, help="Put the library into the board's ROMFS: it takes half of the heap.")
@click.option(
    "--until", default=_READY, metavar="TEXT",
    help="Follow it until a line begins so. [default: ready, or until AWS tells that it is connected]",
)  # fmt: skip
@click.option("--wait", type=click.FloatRange(min=0), default=60, metavar="S", help="For at most S s. [default: 60]")
@click.option("--no-wait", is_flag=True, help="For programs that do not connect: only show their first lines.")
@click.option(
    "--lines", type=click.IntRange(min=0), default=10, metavar="N", help="With --no-wait: N lines. [default: 10]"
)
@click.option(
    "--seconds", type=click.FloatRange(min=0), default=15, metavar="S", help="With --no-wait: for S s. [default: 15]"
)
@pass_context
def command(
    context: Context,
    path: str,
    port: str | None,
    mpy: bool,
    romfs: bool,
    until: str,
    wait: float,
    no_wait: bool,
    lines: int,
    seconds: float,
) -> None:
    """Put the project in PATH on a board, with the library and the active thing's certificate and key, and start it.

    PATH is by default this folder. Files that are the same already are skipped; what is written is read back. The
    board's clock is set, and what the program prints is shown until it is ready, that is connected to AWS; when it
    does not get so far, the exit code is 1. From the project go all files but documents, keys and what is hidden.
    """
    from ..board import flash, ports
    from ..board.board import Board
    from ..things.presence import Presence
    from ..things.project import Project

    if romfs and not mpy:
        raise click.UsageError("in ROMFS the library is compiled: leave out --py")
    out = context.out
    project = Project.open(path)
    flash.check(project)
    say_port(context, port)
    port = port or ports.find()
    flash.check_endpoint(project, port)
    mine = flash.project_files(project)
    fault, left = flash.wifi_fault(project), flash.left_out(project, mine)
    watched = Presence(lambda: context.aws, project)
    with Board(port) as board, watched if until == _READY and not no_wait else nullcontext():
        info = board.info()
        out.say(f"{info['machine']}, MicroPython {'.'.join(map(str, info['version']))}, at {board.port}")
        if fault:
            out.warn(fault)
        if left:
            out.say(f"not for the board: {', '.join(left[:10])}{', ...' if len(left) > 10 else ''}")
        result = _bring_up(board, info, mine, out, romfs, "mpy" if mpy else "py")
        off = board.set_clock()
        if off > 5:
            out.warn(
                f"the board's clock is {off:.0f} s off and could not be set: TLS will fail unless the program sets it"
            )
        out.say(f"{len(result.written)} files written, {result.same} were the same, {len(result.removed)} removed")
        project.note_board(board.info())
        printed = []

        def show(line: str) -> None:
            printed.append(line)
            out.say(f"  {line}")

        out.say(f"{project.active()} starts:")
        if no_wait:
            board.restart(show, lines, seconds)
        else:
            watched.begin()
            board.restart_until(until, show, wait, watched.arrived)
            if watched.arrived() and not any(line.startswith(until) for line in printed):
                out.say(f"{project.active()} is connected, as AWS itself tells")
    document = {"thing": project.active(), "port": board.port, **vars(result), "printed": printed}
    if out.json:
        out.data(document)


def _bring_up(board: Board, info: Json, mine: dict[str, bytes], out: Output, romfs: bool, form: str) -> flash.Result:
    """Make the board's files what they shall be, the library in ROMFS or beside the project's files."""
    from ..board import flash

    library, moved = f"{info['lib']}/aws_iot", flash.Result([], [], 0)
    if romfs:
        wanted = mine
        moved = flash.into_romfs(board, info, lambda total: out.progress(total, "writing ROMFS"))
    else:
        wanted = flash.contents(mine, info, form)
        if info["rom"]:
            out.warn(
                f"the board imports aws_iot from its ROMFS, not from {library}: `thing flash --romfs` brings that up "
                "to date"
            )
    return moved + flash.bring_up(board, wanted, library, lambda total: out.progress(total, "writing"))
