"""thing audit: what is wrong with certificates, things and policies."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from ..cli import Command, pass_context

if TYPE_CHECKING:
    from ..cli import Context


@click.command(cls=Command)
@click.argument("path", type=click.Path(file_okay=False), required=False)
@click.option(
    "--days", type=click.IntRange(min=0), default=90, metavar="N",
    help="Certificates that end within N days. [default: 90]",
)  # fmt: skip
@pass_context
def command(context: Context, path: str | None, days: int) -> None:
    """List orphaned certificates, things without one, policies that are too wide, and certificates that end soon.

    Of all of the account and region; with PATH also what the project there has written down and AWS does not have.
    Nothing is changed or deleted.
    """
    from ..fleet import audit
    from ..things import place
    from ..things.project import Project

    project = Project.open(path) if path else None
    if project:
        place.check(context.aws, project)
    found = audit.run(context.aws, project, days, lambda total: context.out.progress(total, "certificates"))
    lines = [f"{each['kind']}: {each['what']}: {each['why']}" for each in found]
    context.out.data(found, "\n".join(lines) or "nothing is wrong")
