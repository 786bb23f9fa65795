"""thing list: the things of the account."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..cli import Command, pass_context
from ..errors import ToolError
from ..shapes import Json

if TYPE_CHECKING:
    from ..cli import Context
    from ..fleet.rows import Row
    from ..output import Output


@click.command(cls=Command)
@click.argument("search", required=False)
@click.option("--names", is_flag=True, help="Only their names, one a line.")
@click.option("--group", metavar="GROUP", help="Only the things of this thing group.")
@click.option("--watch", is_flag=True, help="Go on with each row that changes, until Ctrl-C.")
@pass_context
def command(context: Context, search: str | None, names: bool, group: str | None, watch: bool) -> None:
    """List the things of the account and region, or those whose names begin with SEARCH (or match it: * and ?).

    ONLINE is known where fleet indexing is on. VERSION, HEAP and RSSI are from a board's shadow `health`, VERSION else
    from its classic one; DIFFERENCE is what is desired and not reported so; UPDATE the firmware update that is running.
    KEY is the project with the thing's key: this folder, or one of those in it.
    """
    from ..fleet import live, sources
    from ..fleet.rows import rows
    from ..things import single
    from ..things.kept import kept
    from ..things.names import split

    if names:
        if group or watch:
            raise ToolError("--names goes with neither --group nor --watch")
        listed = (thing["name"] for thing in single.listing(context.aws))
        found = sorted((name for name in listed if sources.matches(name, search)), key=split)
        context.out.data(found, "\n".join(found) or "no things")
        return
    table = Table(context.out, kept(context.aws, Path()), lines=watch)
    look = functools.partial(rows, context.aws, search=search, group=group, say=context.out.warn)
    for page in live.follow(context.aws, look, context.out.warn) if watch else look():
        table.page(page)
    table.end(whole=not search and not group)


class Table:
    """Prints rows as they come; with --json all of them at the end or, with ``lines``, one a line."""

    def __init__(self, out: Output, here: dict[str, str], lines: bool = False) -> None:
        self._out, self._here, self._lines = out, dict(here), lines
        self._keys = dict(here)
        self._documents: list[Json] = []
        self._widths: list[int] = []

    def page(self, page: list[Row]) -> None:
        """A page of rows; its columns are as wide as they have to be, and those of the pages before."""
        from ..fleet.cells import HEADS, cells
        from ..things.names import split

        lines = []
        for row in sorted(page, key=lambda row: split(row.thing)):
            self._here.pop(row.thing, None)
            self._document({**row.document(), "here": self._keys.get(row.thing), "there": True})
            lines.append((*cells(row), self._key(row.thing)))
        self._print([(*HEADS, "KEY"), *lines] if not self._widths else lines)

    def end(self, whole: bool) -> None:
        """What only this computer knows, when all that there is was ``whole``; and the document with --json."""
        from ..fleet.cells import HEADS, UNKNOWN
        from ..fleet.rows import Row

        lines = []
        for name in self._here if whole else ():
            self._document({**Row(name).document(), "here": self._keys[name], "there": False})
            lines.append((name, *[UNKNOWN] * (len(HEADS) - 1), f"only in {self._key(name)}"))
        self._print([(*HEADS, "KEY"), *lines] if lines and not self._widths else lines)
        if self._out.json and not self._lines:
            self._out.data(self._documents)
        elif not self._widths:
            self._out.say("no things")

    def _key(self, name: str) -> str:
        here = self._keys.get(name, "-")
        return "here" if here == "." else here

    def _document(self, document: Json) -> None:
        if not self._lines:
            self._documents.append(document)
        elif self._out.json:
            self._out.line(document, "")

    def _print(self, lines: list[tuple[str, ...]]) -> None:
        if not lines:
            return
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        self._widths = [max(pair) for pair in zip(widths, self._widths or widths, strict=True)]
        for line in lines if not self._out.json else ():
            self._out.say("  ".join(map(str.ljust, line, self._widths)).rstrip())
