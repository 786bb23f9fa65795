"""thing repl: the prompt of a board."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from ..cli import Command, pass_context, port_option

if TYPE_CHECKING:
    from ..cli import Context


@click.command(cls=Command)
@port_option("The board's serial port. [default: the one board found]")
@pass_context
def command(context: Context, port: str | None) -> int:
    """Open the prompt of a board in this terminal, by mpremote.

    Ctrl-C stops the board's program, Ctrl-D starts it anew, Ctrl-] ends.
    """
    from ..board import ports

    return ports.repl(port or ports.find())
