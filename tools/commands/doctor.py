"""thing doctor: find out why a thing does not connect."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from ..cli import Command, pass_context, say_port
from ..errors import ToolError

if TYPE_CHECKING:
    from ..board.doctor_web import Keys
    from ..cli import Context


@click.command(cls=Command)
@click.argument("path", type=click.Path(file_okay=False), default=".")
@click.option(
    "--door", type=click.Choice(["mqtt", "wss", "https", "https-sigv4"]),
    help="Which way in. [default: that of thing.conf.json, or mqtt]",
)  # fmt: skip
@click.option("--port", metavar="P", envvar="THING_PORT", help="Examine the board at this serial port too.")
@pass_context
def command(context: Context, path: str, door: str | None, port: str | None) -> None:
    """Find out why the active thing of the project in PATH does not connect.

    PATH is by default this folder. Stage by stage, from the files to a publish, from this computer and with --port
    from the board; the first stage that fails ends it, with the likely cause and the cure. By the other doors it ends
    with CONNECT or a first call. It connects as the thing, so a board that is connected as it is cut off for a moment.
    """
    from ..board import doctor, doctor_web
    from ..board.causes import find
    from ..things.project import Project

    project = Project.open(path)
    out = context.out
    found = []

    def report(stage: str, well: bool, text: str) -> None:
        row = None if well else find(text)
        found.append({"stage": stage, "ok": well, "text": text, "see": row and row.shown})
        out.say(f"{'ok  ' if well else 'FAIL'} {stage}: {text}", "green" if well else "red")
        if row:
            out.say(f"     see `{row.shown}`")

    def causes() -> list[str]:
        return doctor.aws_causes(context.aws, project.config())

    door = door or project.config().get("door") or "mqtt"
    if door == "mqtt":
        well = doctor.examine(project, report, causes)
    elif port:
        raise click.UsageError("--port examines a board by MQTT with a certificate alone: leave out --door")
    else:
        well = doctor_web.examine(project, report, door, lambda: _keys(context), causes)
    if well and port:
        from ..board import checks, doctor_board
        from ..board.board import Board

        say_port(context, port)
        checks.check_endpoint(project, port)
        with Board(port) as board:
            well = doctor_board.examine(board, project, report)
            board.restart(lambda line: None, lines=0, seconds=0)  # its program was stopped for this
    if out.json:
        out.data(found)
    if not well:
        raise ToolError(f"{project.active() or 'the project'} does not connect: see the stage that failed")


def _keys(context: Context) -> Keys | None:
    """This computer's AWS keys, if it has some."""
    found = context.aws.session.get_credentials()
    return found and (found.access_key, found.secret_key, found.token)
