"""thing delete: one thing and what belongs to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from ..cli import Command, pass_context
from ..errors import Partly

if TYPE_CHECKING:
    from ..cli import Context


@click.command(cls=Command)
@click.argument("name")
@click.option("--yes", "-y", is_flag=True, help="Do not ask.")
@pass_context
def command(context: Context, name: str, yes: bool) -> None:
    """Delete the thing, the certificates that only it has, its own policy and its shadows."""
    from ..things import single

    with single.held(context.aws, name) as record:
        single.check(context.aws, record)
        if not yes and not click.confirm(f"Delete the thing {name} with its certificates and shadows?", err=True):
            raise Partly("nothing was deleted")
        kept = single.delete(context.aws, record)
    stays = f"; the policy {kept} was not made here, or is still in use, and stays" if kept else ""
    context.out.data({"deleted": name, "policy_kept": kept}, f"deleted {name}{stays}")
