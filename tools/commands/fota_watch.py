"""thing fota-watch: what the boards report on an update that was started."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from ..cli import Command, pass_context
from ..errors import Partly, Stopped
from ..shapes import Json

if TYPE_CHECKING:
    from ..cli import Context
    from ..cloud.aws import Aws
    from ..output import Output


@click.command(cls=Command)
@click.argument("job")
@pass_context
def command(context: Context, job: str) -> None:
    """Show what the boards report on JOB until all have ended, as `thing iot-fota-start --watch` does."""
    from ..fota import rollout

    rollout.check_job(context.aws, job)
    follow(context.out, context.aws, job, {"job": job})


def follow(out: Output, aws: Aws, job: str, result: Json) -> None:
    """Say each change until all have ended; with --json give the result and how each has ended. Partly unless all have
    taken it."""
    ended = _changes(out, aws, job)
    if out.json:
        out.data({**result, "executions": ended})
    if not ended:
        raise Partly(f"job {job} ended without a board: its things are gone, or it was canceled")
    failed = [each for each, status in ended.items() if status != "SUCCEEDED"]
    if failed:
        raise Partly(f"{len(failed)} of {len(ended)} boards did not take it: {', '.join(sorted(failed)[:10])}")


def _changes(out: Output, aws: Aws, job: str) -> dict[str, str]:
    """Say each change; -> {thing: status} at the end."""
    from ..fota import rollout

    ended = {}
    try:
        for name, status, details in rollout.watch(aws, job, out.warn):
            ended[name] = status
            words = [f"{details['progress']}%"] if "progress" in details and status == "IN_PROGRESS" else []
            words += [details[key] for key in ("reason", "version") if key in details]
            out.say(" ".join([f"{name}: {status}", *words]))
    except KeyboardInterrupt:
        raise Stopped(f"stopped watching; the job goes on: `thing fota-watch {job}` shows it again") from None
    return ended
