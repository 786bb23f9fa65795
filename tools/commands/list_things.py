"""thing list: the things of the account."""

import click

from ..cli import Command, pass_context


@click.command(cls=Command)
@pass_context
def command(context):
    """List the things of the account and region, one name a line."""
    from ..things import single

    things = single.listing(context.aws)
    context.out.data(things, "\n".join(thing["name"] for thing in things) or "no things")
