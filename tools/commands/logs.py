"""thing logs: follow what a board prints."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING

import click
from click.core import ParameterSource

from ..cli import Command, pass_context, say_port
from ..errors import ToolError

if TYPE_CHECKING:
    from ..cli import Context


@click.command(cls=Command)
@click.argument("name", required=False)
@click.option(
    "--port", metavar="P", envvar="THING_PORT", help="The board's serial port. [default: the one board found]"
)
@click.option("--timestamps", "-t", is_flag=True, help="Begin each line with the time.")
@pass_context
def command(context: Context, name: str | None, port: str | None, timestamps: bool) -> None:
    """Follow what a board prints, until Ctrl-C. Its program goes on: nothing is stopped, and nothing reset.

    A board that is unplugged, or resets, is waited for. With the NAME of a thing it is what the board's program
    publishes of that (`thing.log()`), which comes by MQTT, from anywhere. What a terminal would obey is made visible.
    With --json, each line is a JSON document of its own.
    """
    import datetime
    import io

    line = ""
    for text in _followed(context, name, port):
        for piece in io.StringIO(text):
            now = datetime.datetime.now().isoformat(timespec="milliseconds")
            if not context.out.json:
                context.out.write(f"{now} {piece}" if timestamps and not line else piece)
            elif piece.endswith("\n"):
                context.out.write(json.dumps({"time": now, "line": line + piece[:-1]}, ensure_ascii=False) + "\n")
            line = "" if piece.endswith("\n") else line + piece


def _followed(context: Context, name: str | None, port: str | None) -> Iterator[str]:
    """What the board on a port prints, or what that of a thing publishes."""
    if name is None:
        from ..board import ports

        say_port(context, port)
        return ports.follow(port, context.out.warn)
    if click.get_current_context().get_parameter_source("port") == ParameterSource.COMMANDLINE:
        raise ToolError("a name is for what comes by MQTT, and --port for a cable: not both")
    from ..fleet import logs
    from ..things import names, single

    single.known(context.aws, names.check_thing(name))
    return logs.follow(context.aws, name, context.out.warn)
