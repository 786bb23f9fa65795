"""thing create: one thing without a project."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from ..cli import Command, pass_context

if TYPE_CHECKING:
    from ..cli import Context


@click.command(cls=Command)
@click.argument("name")
@click.option("--rsa", is_flag=True, help="Make an RSA-2048 key instead of a P-256 key.")
@pass_context
def command(context: Context, name: str, rsa: bool) -> None:
    """Create a thing with a certificate and a policy of its own and print it all as JSON.

    The private key is shown this once and kept nowhere: store the output safely.
    """
    from ..things import single

    context.out.check()
    with single.held(context.aws, name) as record:
        context.out.data(single.create(context.aws, record, "rsa" if rsa else "ec"))
        record.remove()
