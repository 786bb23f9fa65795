"""thing job: start a job, and watch one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from ..cli import Group, pass_context, rollout_options
from .fota_watch import follow

if TYPE_CHECKING:
    from ..cli import Context


@click.group(cls=Group)
def command() -> None:
    """Start a job on things, or watch one."""


@command.command()
@click.argument("thing")
@click.argument("document")
@rollout_options
@pass_context
def start(
    context: Context, thing: str, document: str, group: bool, rate: int | None, abort_at: float | None, watch: bool
) -> None:
    """Start a job with DOCUMENT, a JSON object with an operation, on THING, or on several with commas between."""
    from ..fleet import acts
    from ..fota.rollout import Pace

    aws, out = context.aws, context.out
    plan = acts.job(aws, acts.targets(aws, thing, group), document, Pace(rate, abort_at))
    plan.begin()
    result = {"job": plan.job, "things": plan.total}
    if not watch:
        out.data(result, f"job {plan.job} for {plan.total} things")
        return
    out.say(f"job {plan.job} for {plan.total} things")
    follow(out, aws, str(plan.job), result)


@command.command("watch")
@click.argument("job")
@pass_context
def watch_(context: Context, job: str) -> None:
    """Show what the boards report on JOB until all have ended."""
    from ..fota import rollout

    rollout.check_job(context.aws, job)
    follow(context.out, context.aws, job, {"job": job})
