"""thing show: a thing and its state."""

import click

from ..cli import Command, pass_context


@click.command(cls=Command)
@click.argument("name")
@pass_context
def command(context, name):
    """Print the thing as JSON; deviceState is read from its shadow: reported, overlaid by desired."""
    from ..things import single

    context.out.data(single.show(context.aws, name))
