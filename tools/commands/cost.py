"""thing cost: what a program would cost on AWS."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..cli import Command, pass_context
from ..shapes import Json

if TYPE_CHECKING:
    from ..cli import Context


@click.command(cls=Command)
@click.argument("path", type=click.Path(file_okay=False), default=".")
@click.option("--things", type=click.IntRange(min=1), metavar="N", help="For N things like these.")
@click.option(
    "--usage", type=click.Path(dir_okay=False, exists=True, path_type=Path), metavar="FILE",
    help="What was counted. [default: by the local AWS]",
)  # fmt: skip
@click.option("--stats", metavar="JSON", help="In place of that: thing.stats of a board, with --seconds.")
@click.option(
    "--seconds", type=click.FloatRange(0, min_open=True), metavar="S", help="With --stats: since the board's start."
)
@pass_context
def command(
    context: Context, path: str, things: int | None, usage: Path | None, stats: str | None, seconds: float | None
) -> None:
    """Say what AWS would bill a month for what the things of the project in PATH do.

    PATH is by default this folder. The local AWS counts messages, operations of shadows, rules and the time of
    connections; a month is 30 days of the same. The prices are those of Europe (Ireland), whatever
    the region is. What other services cost that rules hand data to is not in it.
    """
    from ..fleet import cost, review
    from ..things.project import Project

    if (stats is None) != (seconds is None):
        raise click.UsageError("--stats and --seconds go together")
    if stats and seconds:
        bill = cost.of_stats(_read(stats), seconds, things or 1)
    else:
        project = Project.open(path)
        counted = review.counted(context.aws, usage)
        bill = cost.of_usage([each for name, each in counted.items() if name in project.things()], things)
    context.out.data(bill, _table(bill, stats is not None))
    if cost.is_old(bill):
        context.out.warn(
            f"these prices were read on {bill['read']}, over a year ago: {bill['page']} has those of today"
        )
    if cost.is_short(bill):
        context.out.warn(
            f"that is from {bill['seconds']:.0f} s: what happens once at the start counts as if it did all the time; "
            "an hour tells more"
        )


def _table(bill: Json, messages_only: bool) -> str:
    currency = bill["currency"]
    rows = bill["rows"][:2] if messages_only else bill["rows"]
    lines = [f"{row['count']:>15,}  {row['item']:<32} {row['cost']:>12,.2f} {currency}" for row in rows]
    total = f"{bill['cost']:,.2f} {currency} a month ({bill['days']} days) for {bill['things']} thing"
    lines.append(f"{total}{'s' if bill['things'] > 1 else ''}")
    beyond = f"{bill['cost_with_free_tier']:,.2f} {currency}"
    lines.append(f"{beyond} of these beyond the free tier, which an account has for its first 12 months")
    lines.append(f"prices of {bill['region']} on {bill['read']}; other regions have their own: {bill['page']}")
    lines.append(f"not read there, but of third parties: those of {bill['unverified']}")
    if messages_only:
        lines.append("thing.stats knows neither shadows nor rules: the local AWS counts these as well")
    return "\n".join(lines)


def _read(stats: str) -> Json:
    try:
        found = json.loads(stats)
    except ValueError as error:
        raise click.BadParameter(f"that is no JSON: {error}", param_hint="--stats") from error
    if not isinstance(found, dict) or not all(isinstance(value, int) for value in found.values()):
        raise click.BadParameter("thing.stats is an object of numbers", param_hint="--stats")
    return found
