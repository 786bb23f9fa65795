"""thing status: how things are, one by one or all in figures."""

from __future__ import annotations

import functools
import json
from collections import Counter
from typing import TYPE_CHECKING

import click

from ..cli import Command, pass_context
from ..errors import ToolError

if TYPE_CHECKING:
    from ..cli import Context
    from ..fleet.rows import Row
    from ..fleet.summary import Summary


@click.command(cls=Command)
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option("--group", metavar="GROUP", help="All things of this thing group, in figures.")
@click.option("--watch", is_flag=True, help="Go on with each change of the things named, until Ctrl-C.")
@pass_context
def command(context: Context, names: tuple[str, ...], group: str | None, watch: bool) -> None:
    """Tell how each thing NAME is, or how all things are, in figures.

    Whether a thing is online is from the fleet index, else asked for (iot:GetConnection). Why it left, heap, RSSI and
    resets are from its board: `thing.health()` in its program. What is not known is "-".
    """
    from ..fleet import live
    from ..fleet.rows import rows
    from ..fleet.summary import summary

    if names and group:
        raise ToolError("names or a group, not both")
    if watch and not names:
        raise ToolError("--watch is for the things that are named: `thing list --watch` shows all")
    look = functools.partial(rows, context.aws, names=names or None, group=group, say=context.out.warn)
    if not names:
        found = summary(look())
        context.out.data(vars(found), _figures(found))
        return
    if watch:
        for page in live.follow(context.aws, look, context.out.warn):
            for row in page:
                context.out.line(row.document(), _told(row))
        return
    found_rows = [row for page in look() for row in page]
    context.out.data([row.document() for row in found_rows], "\n".join(map(_told, found_rows)))


def _told(row: Row) -> str:
    from ..fleet import cells

    running = row.update and f"{cells.update(row.update)}, job {row.update.job}"
    lines = {
        "online": cells.online(row), "left": cells.value(row.left), "groups": ", ".join(row.groups or ()) or "-",
        "version": cells.value(row.version), "last report": cells.age(row.reported_at),
        "difference": "-" if row.difference is None else json.dumps(row.difference) if row.difference else "none",
        "update": cells.value(running), "heap free": "-" if row.heap_free is None else f"{row.heap_free} bytes",
        "rssi": "-" if row.rssi is None else f"{row.rssi} dBm",
    }  # fmt: skip
    told = {key: value for key, value in (row.health or {}).items() if key not in _SHOWN}
    lines.update({key.replace("_", " "): str(value) for key, value in told.items()})
    return "\n".join([row.thing, *(f"  {name:<12}{value}" for name, value in lines.items())])


_SHOWN = ("version", "heap_free", "rssi", "cause")  # of the shadow: in lines of their own


def _figures(found: Summary) -> str:
    unknown = found.things - found.online - found.offline
    return "\n".join(
        [
            f"things      {found.things}",
            f"online      {found.online} yes, {found.offline} no, {unknown} not known",
            f"left        {_counts(found.left)}",
            f"versions    {_counts(found.versions)}",
            f"differing   {found.differing}",
            f"updates     {_counts(found.updates)}",
        ]
    )


def _counts(found: Counter[str]) -> str:
    return ", ".join(f"{number} {word}" for word, number in found.most_common()) or "-"
