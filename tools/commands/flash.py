"""thing flash: put library, project, certificate and key on a board."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from ..cli import Command, pass_context

if TYPE_CHECKING:
    from ..cli import Context


@click.command(cls=Command)
@click.argument("path", type=click.Path(file_okay=False))
@click.option(
    "--port",
    metavar="P",
    envvar="THING_PORT",
    help="The board's serial port, as mpremote takes it. [default: the one board found]",
)
@click.option("--mpy/--py", default=True, help="Send the library compiled or as source. [default: --mpy]")
@click.option("--romfs", is_flag=True, help="Put the library into the board's ROMFS: it takes half of the heap.")
@click.option(
    "--lines", type=click.IntRange(min=0), default=10, metavar="N", help="Show N lines it prints. [default: 10]"
)
@click.option(
    "--seconds", type=click.FloatRange(min=0), default=15, metavar="S", help="Wait S s for them. [default: 15]"
)
@pass_context
def command(context: Context, path: str, port: str | None, mpy: bool, romfs: bool, lines: int, seconds: float) -> None:
    """Put the project in PATH on a board, with the library and the active thing's certificate and key, and start it.

    Files that are the same already are skipped; what is written is read back. The board's clock is set, and the first
    lines that the program prints are shown. From the project go .py, .mpy and .json files.
    """
    from ..board import flash
    from ..board.board import Board, find_port
    from ..things.project import Project

    if romfs and not mpy:
        raise click.UsageError("in ROMFS the library is compiled: leave out --py")
    out = context.out
    project = Project.open(path)
    flash.check(project)
    with Board(port or find_port()) as board:
        info = board.info()
        out.say(f"{info['machine']}, MicroPython {'.'.join(map(str, info['version']))}, at {board.port}")
        library = f"{info['lib']}/aws_iot"
        result = flash.Result([], [], 0)
        if romfs:
            wanted = flash.project_files(project)
            result += flash.into_romfs(board, info, lambda total: out.progress(total, "writing ROMFS"))
        else:
            wanted = flash.contents(project, info, "mpy" if mpy else "py")
            if info["rom"]:
                out.warn(
                    f"the board imports aws_iot from its ROMFS, not from {library}: `thing flash --romfs` brings that "
                    "up to date"
                )
        result += flash.bring_up(board, wanted, library, lambda total: out.progress(total, "writing"))
        off = board.set_clock()
        if off > 5:
            out.warn(
                f"the board's clock is {off:.0f} s off and could not be set: TLS will fail unless the program sets it"
            )
        out.say(f"{len(result.written)} files written, {result.same} were the same, {len(result.removed)} removed")
        printed = []

        def show(line: str) -> None:
            printed.append(line)
            out.say(f"  {line}")

        out.say(f"{project.active()} starts:")
        board.restart(show, lines, seconds)
    document = {"thing": project.active(), "port": board.port, **vars(result), "printed": printed}
    if out.json:
        out.data(document)
