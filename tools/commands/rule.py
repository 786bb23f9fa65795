"""thing rule: what things publish, handed to other services of AWS."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from ..cli import Group, pass_context
from ..errors import Partly

if TYPE_CHECKING:
    from ..cli import Context

_NAME = click.argument("name")
_PATH = click.argument("path", type=click.Path(file_okay=False), default=".")


@click.group(cls=Group)
def command() -> None:
    """Hand what a project's things publish to Lambda, SNS, SQS, DynamoDB, S3 or other topics."""


@command.command()
@_NAME
@_PATH
@click.option("--sql", required=True, metavar="SQL", help="What is handed on: \"SELECT * FROM 'dt/+/samples'\".")
@click.option(
    "--to", required=True, multiple=True, metavar="TARGET",
    help="lambda:ARN, sns:ARN, sqs:URL, dynamodb:TABLE, s3:BUCKET/KEY or republish:TOPIC; up to ten.",
)  # fmt: skip
@click.option("--error-to", metavar="TARGET", help="Where it is told of what a target did not take.")
@click.option("--ingest", is_flag=True, help="Things may also publish straight to the rule: thing.ingest(NAME, ...).")
@click.option("--dry-run", is_flag=True, help="Only print the rule, the role and the policies that it would make.")
@pass_context
def create(
    context: Context, name: str, path: str, sql: str, to: tuple[str, ...], error_to: str | None, ingest: bool,
    dry_run: bool,
) -> None:  # fmt: skip
    """Make the rule NAME for the project in PATH, with the least that it needs to act.

    PATH is by default this folder. A role is made that AWS IoT may take for this rule alone; Lambda functions allow
    the rule by themselves. In topics and keys AWS fills in ${topic(2)}, ${timestamp()} and the like. The same command
    goes on after a stop, and changes SQL and targets. A rule or role that was not made here is not taken.
    """
    from ..things import rules
    from ..things.project import Project

    project = Project.open(path)
    wanted = rules.Wanted(name, sql, to, error_to, context.aws.region)
    if dry_run:
        context.out.data(rules.plan(context.aws, wanted))
        return
    with project.lock():
        made = rules.create(context.aws, project, wanted)
        if ingest:
            rules.ingest(
                context.aws, project, name, context.out.say, lambda total: context.out.progress(total, "policies")
            )
    context.out.data(made, f"rule {name}: {sql} -> {', '.join(to)}; `thing rule test {name}` sends a sample")


@command.command("list")
@pass_context
def list_(context: Context) -> None:
    """List the rules of the account and region."""
    from ..things import rules

    found = rules.listing(context.aws)
    lines = [
        f"{each['name']}  {each['topics'] or 'no FROM'}{'  (disabled)' if each['disabled'] else ''}" for each in found
    ]
    context.out.data(found, "\n".join(lines) or "no rules")


@command.command()
@_NAME
@pass_context
def show(context: Context, name: str) -> None:
    """Print the rule NAME as JSON, with what lets it act: policies of its role, statements of functions."""
    from ..things import rules

    context.out.data(rules.show(context.aws, name))


@command.command()
@_NAME
@_PATH
@click.option(
    "--payload", default="{}", metavar="JSON", help="The sample; its member rule_test is added. [default: {}]"
)
@click.option("--topic", metavar="TOPIC", help="As what it is published. [default: one that FROM takes]")
@click.option(
    "--timeout", type=click.FloatRange(0, min_open=True), default=10, metavar="S",
    help="Seconds to look for it. [default: 10]",
)  # fmt: skip
@pass_context
def test(context: Context, name: str, path: str, payload: str, topic: str | None, timeout: float) -> None:
    """Send a sample through the rule NAME of the project in PATH, and say what arrived at each target.

    PATH is by default this folder. The sample goes straight to the rule: nobody who subscribes hears it. It is known
    again by its member rule_test, or by its other members where the SQL selects that away. A Lambda function is
    looked at in its log, a topic of SNS by a queue that is made for the test, a table by a scan of its first 5 MB.
    """
    from ..fleet import arrivals
    from ..things.project import Project

    project = Project.open(path)
    sample = _read(payload)
    with project.lock():
        found = arrivals.run(context.aws, project, name, sample, topic, timeout)
    lines = [f"{_SIGNS[each['arrived']]}{each['to']}: {each['what']}" for each in found]
    context.out.data(found, "\n".join(lines))
    missing = [each["to"] for each in found if not each["arrived"]]
    if missing:
        raise Partly(f"not seen to arrive at {', '.join(missing)}")


_SIGNS = {True: "ok  ", False: "--  ", None: "?   "}


@command.command()
@_NAME
@_PATH
@click.option("--yes", "-y", is_flag=True, help="Do not ask.")
@click.option("--dry-run", is_flag=True, help="Only say what would be deleted.")
@pass_context
def delete(context: Context, name: str, path: str, yes: bool, dry_run: bool) -> None:
    """Delete the rule NAME of the project in PATH, its role, and what functions and things may for it.

    PATH is by default this folder. Targets stay.
    """
    from ..things import rules
    from ..things.project import Project

    project = Project.open(path)
    there = name in rules.noted(project.state())
    if not there or dry_run:
        text = (
            f"would delete the rule {name} and its role"
            if there
            else f"nothing to delete: the project has no rule {name}"
        )
        context.out.data({"rule": name if there else None, "kept": []}, text)
        return
    if not yes and not click.confirm(f"Delete the rule {name} and its role?", err=True):
        raise Partly("nothing was deleted")
    with project.lock():
        kept = rules.delete(context.aws, project, name, lambda total: context.out.progress(total, "policies"))
    stays = "".join(f"; the {each} was not made here and stays" for each in kept)
    context.out.data({"rule": name, "kept": kept}, f"deleted {name}{stays}")


def _read(payload: str) -> Any:
    try:
        return json.loads(payload)
    except ValueError as error:
        raise click.BadParameter(f"that is no JSON: {error}", param_hint="--payload") from error
