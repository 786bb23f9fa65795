"""thing update: write the desired state of a thing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from ..cli import Command, pass_context

if TYPE_CHECKING:
    from ..cli import Context


@click.command(cls=Command)
@click.argument("name")
@click.argument("state")
@pass_context
def command(context: Context, name: str, state: str) -> None:
    """Write STATE, a JSON object, as the desired state of the thing, and print the thing."""
    from ..things import shadows, single

    context.out.data(single.update(context.aws, name, shadows.parse_state(state)))
