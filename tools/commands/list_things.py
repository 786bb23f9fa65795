"""thing list: the things of the account."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..cli import Command, pass_context
from ..shapes import Json

if TYPE_CHECKING:
    from ..cli import Context

_HEADS = ("THING", "CONNECTED", "VERSION", "LAST REPORT", "KEY")


@click.command(cls=Command)
@click.option("--names", is_flag=True, help="Only their names, one a line.")
@pass_context
def command(context: Context, names: bool) -> None:
    """List the things of the account and region.

    CONNECTED is known where fleet indexing is on. VERSION is what a thing reports as `version` in its shadow. KEY is
    the project with the thing's key: this folder, or one of those in it.
    """
    from ..things import overview, single

    if names:
        found = [thing["name"] for thing in single.listing(context.aws)]
        context.out.data(found, "\n".join(found) or "no things")
        return
    things = overview.rows(context.aws, Path())
    context.out.data(things, _table([_HEADS, *map(_cells, things)]) if things else "no things")
    if any(thing["connected"] is None for thing in things[overview.ASKED :]):
        context.out.warn(
            f"only the first {overview.ASKED} were asked for their reports: with fleet indexing on, one call tells all"
        )


def _cells(thing: Json) -> tuple[str, ...]:
    from ..things.overview import age

    connected = {None: "-", True: "yes", False: "no"}[thing["connected"]]
    if thing["connected"] is False and thing["since"]:
        connected = f"no, {age(thing['since'])}"
    version = "-" if thing["version"] is None else str(thing["version"])
    key = (thing["here"] if thing["here"] != "." else "here") or "-"
    return thing["name"], connected, version, age(thing["reported"]), key if thing["there"] else f"only in {key}"


def _table(rows: list[tuple[str, ...]]) -> str:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join("  ".join(map(str.ljust, row, widths)).rstrip() for row in rows)
