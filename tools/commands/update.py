"""thing update: write the desired state of a thing, or of several."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from ..cli import Command, pass_context
from ..errors import Partly

if TYPE_CHECKING:
    from ..cli import Context


@click.command(cls=Command)
@click.argument("name")
@click.argument("state")
@click.option("--group", is_flag=True, help="NAME is a thing group: all things in it now.")
@pass_context
def command(context: Context, name: str, state: str, group: bool) -> None:
    """Write STATE, a JSON object, as the desired state of the thing, and print the thing as `thing show` does.

    Its deviceState has STATE at once, before a board has taken it: it is what was reported, overlaid by what is
    desired. `thing shadow get` tells the two apart.

    NAME may be several with commas between: then each is told, and the others go on where one fails.
    """
    from ..things import shadows, single

    if not group and "," not in name:
        context.out.data(single.update(context.aws, name, shadows.parse_state(state)))
        return
    from ..fleet import acts

    plan = acts.desired(context.aws, acts.targets(context.aws, name, group), state)
    failed = []
    for thing, status, reason in plan.steps():
        context.out.line({"thing": thing, "status": status, "reason": reason}, f"{thing}: {status} {reason}".rstrip())
        failed += [thing] if status == "FAILED" else []
    if failed:
        raise Partly(f"{len(failed)} of {plan.total} things were not written: {', '.join(failed[:10])}")
