"""thing flash: put library, project, certificate and key on a board."""

from __future__ import annotations

import functools
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..cli import Command, pass_context, say_port
from ..errors import ToolError

if TYPE_CHECKING:
    from ..board.board import Board
    from ..board.flash import Order
    from ..cli import Context
    from ..output import Output
    from ..shapes import Json, Say
    from ..things.presence import Presence

_READY = "ready"  # what the programs of `thing new` and of the examples print once AWS has taken their subscriptions


@click.command(cls=Command)
@click.argument("path", type=click.Path(file_okay=False), default=".")
@click.argument("more", nargs=-1, metavar="")
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
@click.option(
    "--line", "places", multiple=True, metavar="PORTS",
    help="Board after board, each as the next thing that no board has: at a port, at those of a pattern "
    "('/dev/ttyUSB*'), or in a folder (/dev/serial/by-id).",
)  # fmt: skip
@click.option(
    "--labels", type=click.Path(file_okay=False, path_type=Path), metavar="FOLDER",
    help="With --line: write a label for each board, NAME.svg and NAME.txt.",
)  # fmt: skip
@pass_context
def command(
    context: Context,
    path: str,
    more: tuple[str, ...],
    port: str | None,
    mpy: bool,
    romfs: bool,
    until: str,
    wait: float,
    no_wait: bool,
    lines: int,
    seconds: float,
    places: tuple[str, ...],
    labels: Path | None,
) -> None:
    """Put the project in PATH on a board, with the library and the active thing's certificate and key, and start it.

    PATH is by default this folder. Files that are the same already are skipped; what is written is read back. The
    board's clock is set, and what the program prints is shown until it is ready, that is connected to AWS; when it
    does not get so far, the exit code is 1. From the project go all files but documents, keys and what is hidden.

    With --line this goes on for each board that is plugged in, at several ports at once, until each thing has its
    board, or Ctrl-C. Which board has which thing is written down: one that comes again is known by its chip.
    """
    from ..board.flash import Order
    from ..things import presence
    from ..things.project import Project

    if romfs and not mpy:
        raise click.UsageError("in ROMFS the library is compiled: leave out --py")
    if places and no_wait:
        raise click.UsageError("a board of a --line is done when it is ready: leave out --no-wait")
    if not places and (labels or more):
        raise click.UsageError("--labels is for a --line" if labels else f"Got unexpected extra argument ({more[0]})")
    words = [path, *more]  # of a pattern of ports a shell makes several
    project = Project.open(words.pop(0) if Path(path).is_dir() or not places else ".")
    watching = presence.watching(lambda: context.aws, project, until == _READY)
    order = Order(project, until, wait, watching, "mpy" if mpy else "py", romfs)
    if places:
        from . import flash_line

        flash_line.run(context.out, order, [*places, *words], labels)
        return
    say_port(context, port)
    document = _flash(context.out, order, port, (lines, seconds) if no_wait else None)
    if context.out.json:
        context.out.data(document)


def _flash(out: Output, order: Order, port: str | None, shown: tuple[int, float] | None) -> Json:
    """Flash the board at a port, by default the only one there is; -> what --json prints. shown: (lines, seconds) of a
    program that does not connect."""
    from ..board import checks, flash, ports
    from ..board.board import Board
    from ..things import boards

    project, printed = order.project, []
    checks.check(project)
    port = port or ports.find(out.say)
    checks.check_endpoint(project, port)
    mine = flash.project_files(project)
    fault, left = checks.wifi_fault(project), flash.left_out(project, mine)
    name = project.active() or ""
    watching = order.presence(project.config().get("mqttid") or "")

    def show(line: str) -> None:
        printed.append(line)
        out.say(f"  {line}")

    with Board(port) as board, nullcontext() if shown else watching as watched:
        info = board.info()
        out.say(f"{info['machine']}, MicroPython {'.'.join(map(str, info['version']))}, at {board.port}")
        if fault:
            out.warn(fault)
        if left:
            out.say(f"not for the board: {', '.join(left[:10])}{', ...' if len(left) > 10 else ''}")
        if info["rom"] and not order.romfs:
            out.warn(
                f"the board imports aws_iot from its ROMFS, not from {info['lib']}/aws_iot: `thing flash --romfs` "
                "brings that up to date"
            )
        result = flash.deliver(board, info, mine, order, lambda label: functools.partial(out.progress, label=label))
        fault = board.set_clock()
        if fault:
            out.warn(f"the board's {fault}")
        out.say(f"{len(result.written)} files written, {result.same} were the same, {len(result.removed)} removed")
        info = board.info()
        boards.note(project, name, info, ready=False)
        out.say(f"{name} starts:")
        if shown:
            board.restart(show, *shown)
        if watched:
            _follow(board, order, watched, show)
            if not any(line.startswith(order.until) for line in printed):
                out.say(f"{name} is connected, as AWS itself tells")
            boards.note(project, name, info, ready=True)
    return {"thing": name, "port": board.port, **vars(result), "printed": printed}


def _follow(board: Board, order: Order, watched: Presence, show: Say) -> None:
    """Start the board and follow it until it is connected."""
    from ..board.board import NotReady

    watched.begin()
    try:
        board.restart_until(order.until, show, order.wait_s, watched.arrived)
    except NotReady as error:
        raise ToolError(
            f"{error}. It runs on: `thing logs --port {board.port}` shows it, `thing doctor --port {board.port}` says "
            "more; --no-wait is for programs that do not connect"
        ) from error
