"""thing record: write a shadow's history."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..cli import Command, pass_context

if TYPE_CHECKING:
    from ..cli import Context


@click.command(cls=Command)
@click.argument("thing")
@click.option("--name", metavar="SHADOW", help="A named shadow, such as `health`. [default: the classic one]")
@click.option("--output", "-o", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE", help="Append to FILE.")
@click.option("--interval", type=click.FloatRange(min=0.1), metavar="S", help="Ask every S seconds. [default: by MQTT]")
@click.option("--changes", "count", type=click.IntRange(min=1), metavar="N", help="Stop after N lines.")
@pass_context
def command(
    context: Context, thing: str, name: str | None, output: Path | None, interval: float | None, count: int | None
) -> None:
    """Write each version of the shadow of THING as a line of JSON, until Ctrl-C.

    AWS tells of each by MQTT; after a cut it connects anew, and versions that it missed stand there as a gap. With -o a
    record goes on where the run before has ended. `thing plot` draws a value of it.
    """
    import itertools

    from ..fleet import history
    from ..things import names, single

    names.check_thing(thing)
    if name:
        names.check_shadow(name)
    single.known(context.aws, thing)
    last = history.last_version(output, thing, name) if output else None
    lines = history.follow(context.aws, thing, name, last, interval, context.out.warn)
    for number, line in enumerate(itertools.islice(history.append(output, lines) if output else lines, count), 1):
        if not output:
            context.out.line(line, json.dumps(line))
        elif number == 1:
            context.out.warn(f"recording to {output} until Ctrl-C")
