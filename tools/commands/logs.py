"""thing logs: follow what a board prints."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from ..cli import Command, pass_context, say_port

if TYPE_CHECKING:
    from ..cli import Context


@click.command(cls=Command)
@click.option(
    "--port", metavar="P", envvar="THING_PORT", help="The board's serial port. [default: the one board found]"
)
@click.option("--timestamps", "-t", is_flag=True, help="Begin each line with the time.")
@pass_context
def command(context: Context, port: str | None, timestamps: bool) -> None:
    """Follow what a board prints, until Ctrl-C. Its program goes on: nothing is stopped, and nothing reset.

    A board that is unplugged, or resets, is waited for. What a terminal would obey is made visible. With --json, each
    line is a JSON document of its own.
    """
    import datetime
    import io

    from ..board import ports

    say_port(context, port)
    line = ""
    for text in ports.follow(port, context.out.warn):
        for piece in io.StringIO(text):
            now = datetime.datetime.now().isoformat(timespec="milliseconds")
            if not context.out.json:
                context.out.write(f"{now} {piece}" if timestamps and not line else piece)
            elif piece.endswith("\n"):
                context.out.write(json.dumps({"time": now, "line": line + piece[:-1]}, ensure_ascii=False) + "\n")
            line = "" if piece.endswith("\n") else line + piece
