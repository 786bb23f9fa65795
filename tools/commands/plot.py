"""thing plot: draw a value of a record."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..cli import Command, pass_context
from ..errors import ToolError

if TYPE_CHECKING:
    from ..cli import Context

_MOST_LINES = 24


@click.command(cls=Command)
@click.argument("record", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.argument("value", required=False)
@click.option("--svg", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE", help="Write an SVG picture.")
@pass_context
def command(context: Context, record: Path, value: str | None, svg: Path | None) -> None:
    """Draw a number of a RECORD, such as reported.temperature; without VALUE the one that there is.

    RECORD is what `thing record` has written. A gap in it is a gap in the line.
    """
    from ..fleet import drawing, history

    lines = history.read(record)
    known = history.values(lines)
    if value is None and len(known) != 1:
        raise ToolError(f"which one? {record} has {', '.join(known[:20]) or 'no number'}")
    path = value or known[0]
    points = history.points(lines, path)
    if context.out.json:
        context.out.data([[when.isoformat(), number] for when, number in points])
        return
    title = f"{lines[0].get('thing')}: {path}"
    if svg:
        svg.write_bytes(drawing.svg(points, title))
        context.out.say(f"{svg}: {len(points)} points")
        return
    columns, height = shutil.get_terminal_size((80, _MOST_LINES))
    colour = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
    click.echo(drawing.text(points, title, columns, min(height - 2, _MOST_LINES), colour))
