"""thing policy: what a project's things may beyond the least."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..cli import Group, pass_context
from ..output import things
from ..shapes import Json

if TYPE_CHECKING:
    from ..cli import Context
    from ..things.policy import Additions
    from ..things.project import Project

_BESIDE = (
    (
        "https", "by HTTPS with a certificate (what `thing policy add --https` allows):",
        "the smallest policy for certificates that have their thing's name",
    ),
    ("keys", "with AWS keys by the role alias:", "the smallest policy of its role"),
)  # fmt: skip
_PATH = click.argument("path", type=click.Path(file_okay=False), default=".")


@click.group(cls=Group)
def command() -> None:
    """Let a project's things do more than the least, which is what the policy of `add` allows."""


def _asked(function: Callable[..., Any]) -> Callable[..., Any]:
    """The options that say what is meant."""
    for option in (
        click.option("--dry-run", is_flag=True, help="Only print the policy that it would be."),
        click.option("--https", is_flag=True, help="HTTPS with the certificate: own shadows, and what is published."),
        click.option("--ingest", "rules", multiple=True, metavar="RULE", help="Basic Ingest: thing.ingest(RULE, ...)."),
        click.option(
            "--retain", is_flag=True, help="Retained messages: on what --publish names, without it on dt/{thing}/*."
        ),
        click.option("--subscribe", multiple=True, metavar="FILTER", help="Subscribe to FILTER, and receive."),
        click.option("--publish", multiple=True, metavar="TOPIC", help="Publish to TOPIC; * stands for any text."),
        _PATH,
    ):
        function = option(function)
    return function


@command.command()
@_asked
@pass_context
def add(context: Context, /, path: str, dry_run: bool, **asked: Any) -> None:
    """Allow the things of the project in PATH more, those that come later included.

    PATH is by default this folder. {thing} stands for each thing's own name. All that is added is in a second policy
    of the things, beside the one that they begin with.
    """
    _change(context, path, dry_run, _wanted(**asked), lambda there, wanted: there.plus(wanted))


@command.command()
@_asked
@pass_context
def remove(context: Context, /, path: str, dry_run: bool, **asked: Any) -> None:
    """Take back what `thing policy add` allowed.

    PATH is by default this folder. Of a topic --publish takes the retained messages as well. When nothing is left, the
    second policy is deleted.
    """
    wanted = _wanted(**asked)
    wanted = replace(wanted, retain=(*wanted.retain, *wanted.publish))
    _change(context, path, dry_run, wanted, lambda there, wanted: there.minus(wanted))


@command.command()
@_PATH
@pass_context
def show(context: Context, path: str) -> None:
    """Print what the things of the project in PATH may: their policies' documents."""
    from ..things import additions
    from ..things.project import Project
    from ..things.things import policy_document

    project = Project.open(path)
    names = (project.config().get("policy_name"), additions.noted(project.state()))
    context.out.data({name: policy_document(context.aws, name) for name in names if name})


@command.command()
@_PATH
@click.option(
    "--usage", type=click.Path(dir_okay=False, exists=True, path_type=Path), metavar="FILE",
    help="What was counted. [default: by the local AWS]",
)  # fmt: skip
@pass_context
def review(context: Context, path: str, usage: Path | None) -> None:
    """Compare what the things of the project in PATH did with what they may: too much, too little, and the smallest
    policy that is enough.

    PATH is by default this folder. The local AWS counts what things do; run your program through all that it does.
    Nothing is changed.
    """
    from ..fleet import review
    from ..things.project import Project

    found = review.run(context.aws, Project.open(path), usage)
    context.out.data(found, _reviewed(found))


def _reviewed(found: Json) -> str:
    if not found["things"]:
        return "nothing was counted of this project's things: let one connect to the local AWS and run this again"
    lines = [f"what {', '.join(found['things'][:5])} did:"]
    if found["more"]:
        lines.append("a thing used more topics than are kept; the smallest policy may lack some")
    lines += _compared(found, "the smallest policy that is enough")
    if any(row["action"] == "iot:RetainPublish" for row in found["too_little"]):
        lines.insert(
            -1, "retained messages: `thing policy add --retain`, with --publish TOPIC where it is not dt/{thing}/*"
        )
    for way, head, words in _BESIDE:
        if way in found:
            lines += [head, *_compared(found[way], words)]
    return "\n".join(lines)


def _compared(found: Json, words: str) -> list[str]:
    rows = (("too little", found["too_little"]), ("not used", found["too_much"]))
    lines = [f"{title}: {row['action']} {row['resource']}{_whose(row)}" for title, each in rows for row in each]
    return [*lines, f"{words} ({found['characters']} characters):\n{json.dumps(found['smallest'], indent=2)}"]


def _whose(row: Json) -> str:
    return f" ({', '.join(row['things'][:3])})" if "things" in row else ""


def _change(
    context: Context, path: str, dry_run: bool, wanted: Additions, join: Callable[[Additions, Additions], Additions]
) -> None:
    from ..things import additions
    from ..things.project import Project

    project = Project.open(path)
    if not additions.check(wanted):
        raise click.UsageError("say what: --publish, --subscribe, --retain, --ingest or --https")
    if dry_run:
        text = additions.plan(context.aws, join(additions.of(project.state()), wanted))
        context.out.data(json.loads(text) if text else {}, None if text else "nothing is left: no second policy")
        return
    with project.lock():
        allowed = join(additions.of(project.state()), wanted)
        additions.change(
            context.aws, project, allowed, context.out.say, lambda total: context.out.progress(total, "policies")
        )
    context.out.data({"policy": additions.noted(project.state()), **allowed.document()}, _told(project))


def _wanted(
    publish: tuple[str, ...], subscribe: tuple[str, ...], retain: bool, rules: tuple[str, ...], https: bool
) -> Additions:
    from ..things.policy import OWN_TREE, Additions

    retained = (publish or (OWN_TREE,)) if retain else ()
    return Additions(publish, retained, subscribe, rules, ("https",) if https else ())


def _told(project: Project) -> str:
    from ..things import additions

    name = additions.noted(project.state())
    number = things(len(project.things()))
    if name is None:
        return f"the second policy is deleted; {number} may the least again"
    return f"policy {name}, for {number} and those to come; on AWS it counts after some minutes, or a new connection"
