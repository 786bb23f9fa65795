"""thing update: write the desired state of a thing."""

import click

from ..cli import Command, pass_context


@click.command(cls=Command)
@click.argument("name")
@click.argument("state")
@pass_context
def command(context, name, state):
    """Write STATE, a JSON object, as the desired state of the thing, and print the thing."""
    from ..things import shadows, single

    context.out.data(single.update(context.aws, name, shadows.parse_state(state)))
