"""thing list: the things of the account."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from ..cli import Command, pass_context

if TYPE_CHECKING:
    from ..cli import Context


@click.command(cls=Command)
@pass_context
def command(context: Context) -> None:
    """List the things of the account and region, one name a line."""
    from ..things import single

    things = single.listing(context.aws)
    context.out.data(things, "\n".join(thing["name"] for thing in things) or "no things")
