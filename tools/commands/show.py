"""thing show: a thing and its state."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from ..cli import Command, pass_context

if TYPE_CHECKING:
    from ..cli import Context


@click.command(cls=Command)
@click.argument("name")
@pass_context
def command(context: Context, name: str) -> None:
    """Print the thing as JSON; deviceState is read from its shadow: reported, overlaid by desired."""
    from ..things import single

    context.out.data(single.show(context.aws, name))
