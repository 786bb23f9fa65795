"""thing repl: the prompt of a board."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from ..cli import Command, pass_context, say_port

if TYPE_CHECKING:
    from ..cli import Context


@click.command(cls=Command)
@click.option(
    "--port", metavar="P", envvar="THING_PORT", help="The board's serial port. [default: the one board found]"
)
@pass_context
def command(context: Context, port: str | None) -> int:
    """Open the prompt of a board in this terminal, by mpremote.

    Ctrl-C stops the board's program, Ctrl-D starts it anew, Ctrl-] ends.
    """
    from ..board import ports

    say_port(context, port)
    return ports.repl(port or ports.find(context.out.say))
