"""thing add-things: create things in AWS for a project."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from ..cli import Command, pass_context
from ..errors import Final, Partly, ToolError
from ..output import things

if TYPE_CHECKING:
    from ..cli import Context
    from ..output import Output
    from ..things.creation import Report


@click.command(cls=Command)
@click.argument("path", type=click.Path(file_okay=False), default=".")
@click.option(
    "--things-number", "-n", type=click.IntRange(min=1), default=1, metavar="N", help="How many. [default: 1]"
)
@click.option(
    "--things-base-name", "--thing-base-name", "base", metavar="NAME",
    help="Things are called NAME_0, NAME_1, ... [default: the last one used, or the folder's name]",
)  # fmt: skip
@click.option("--rsa", is_flag=True, help="Make RSA-2048 keys instead of P-256 keys.")
@click.option(
    "--rate", type=click.FloatRange(min=0), metavar="X",
    help="Times AWS's default rates, for accounts with raised quotas; 0: no limit. [default: 1; local AWS: 0]",
)  # fmt: skip
@click.option("--bulk", is_flag=True, help="Hand the work to AWS (for more than a thousand); needs the next two.")
@click.option("--s3-bucket", metavar="BUCKET", help="With --bulk: where the certificate requests go.")
@click.option(
    "--role-arn", metavar="ARN", help="With --bulk: a role that lets AWS IoT read the bucket and register things."
)
@pass_context
def command(
    context: Context,
    path: str,
    things_number: int,
    base: str | None,
    rsa: bool,
    rate: float | None,
    bulk: bool,
    s3_bucket: str | None,
    role_arn: str | None,
) -> None:
    """Create things in AWS for the project in PATH and keep their keys and certificates in it.

    PATH is by default this folder. Numbers go on from the highest under the base name. Keys are made on this
    computer: only a certificate request leaves it. The first thing becomes the active one. A run that was stopped
    is resumed by the same command.
    """
    from ..cloud import local_aws
    from ..main import sentence
    from ..things import creation, place
    from ..things.project import Project
    from ..things.project_cloud import settle

    if bulk and not (s3_bucket and role_arn):
        raise click.UsageError("--bulk needs --s3-bucket and --role-arn")
    if bulk and rsa:
        raise click.UsageError("--bulk works with keys made here: leave out --rsa")
    project = Project.open(path)
    context.aws.set_rate(rate)
    base = creation.base_name(project, base)
    if bulk and local_aws.serving(context.aws):
        raise ToolError("the local AWS has no bulk registration: leave out --bulk, things are made from here")
    with project.lock():
        place.note(context.aws, project)
        report = creation.prepare(project, things_number, base, "rsa" if rsa else "ec")
        if report.resumed:
            context.out.say(f"resuming the run of {things_number} that was stopped")
        if report.dropped:
            context.out.say(f"an earlier run left {report.dropped} things unmade; they are no longer planned")
        policy = settle(context.aws, project, context.out.say)
        if bulk and s3_bucket and role_arn:
            from ..things.bulk import add

            report = add(context.aws, project, report, policy, s3_bucket, role_arn, context.out.say)
        else:
            report = creation.add(
                context.aws, project, report, policy, lambda total: context.out.progress(total, "creating things")
            )
    _tell(context.out, report)
    if report.failure:
        goes_on = "" if isinstance(report.failure, Final) else "; the same command goes on from there"
        raise Partly(f"{things(report.created)} created, {report.left} left: {sentence(report.failure)}{goes_on}")


def _tell(out: Output, report: Report) -> None:
    first, last = report.names[0], report.names[-1]
    if report.active:
        out.say(f"{report.active} is the active thing")
    document = {"created": report.created, "left": report.left, "first": first, "last": last, "active": report.active}
    document["seconds"] = round(report.seconds, 2)
    if not report.failure or out.json:
        out.data(document, f"{report.created} created: {first}" + (f" to {last}" if last != first else ""))
