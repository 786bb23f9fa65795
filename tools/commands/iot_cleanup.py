"""thing iot-cleanup: delete a project's things, in AWS and here."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from ..cli import Command, pass_context
from ..errors import Partly
from ..output import things
from ..shapes import Json

if TYPE_CHECKING:
    from ..cli import Context


@click.command(cls=Command)
@click.argument("path", type=click.Path(file_okay=False), default=".")
@click.option("--yes", "-y", is_flag=True, help="Do not ask.")
@click.option("--dry-run", is_flag=True, help="Only say what would be deleted.")
@pass_context
def command(context: Context, path: str, yes: bool, dry_run: bool) -> None:
    """Delete the things of the project in PATH with their certificates and shadows, and the policies, rules and role
    alias if these were made here.

    PATH is by default this folder. A thing's folder goes only when AWS has nothing of the thing any more; what
    fails is kept for another run. A policy that another certificate still uses stays.
    """
    from ..main import sentence
    from ..things import cleanup
    from ..things.project import Project

    project = Project.open(path)
    plan = cleanup.plan(project)
    out = context.out
    if not any(plan.values()):
        if not dry_run:
            with project.lock():
                if not any(cleanup.plan(project).values()):
                    cleanup.tidy(project)
        out.data({**plan, "deleted": 0}, "nothing to delete")
        return
    if dry_run:
        out.data(plan, f"would delete {_words(plan)}" + "".join(f"\n  {name}" for name in plan["things"]))
        return
    if not yes and not click.confirm(f"Delete {_words(plan)}, in AWS and here?", err=True):
        raise Partly("nothing was deleted")
    with project.lock():
        outcome = cleanup.run(context.aws, project, lambda total: out.progress(total, "deleting things"))
    deleted = outcome.done - outcome.gone
    text = f"{things(deleted)} deleted" + (", with certificates and shadows" if deleted else "")
    if outcome.gone:
        text += f", {outcome.gone} had been deleted from AWS before"
    for policy in filter(None, (plan["policy"], plan["additions"])):
        if policy in outcome.policies_kept:
            text += f"; the policy {policy} is still in use and stays"
        elif not outcome.failures:
            text += f"; the policy {policy} is deleted, too"
    out.data({**plan, "deleted": deleted, "gone": outcome.gone, "failed": len(outcome.failures)}, text)
    if outcome.failures:
        name, error = outcome.failures[0]
        raise Partly(f"{len(outcome.failures)} not deleted and kept here, {name} for one: {sentence(error)}")


def _words(plan: Json) -> str:
    words = f"{things(len(plan['things']))} with certificates and shadows"
    for policy in filter(None, (plan["policy"], plan["additions"])):
        words += f" and the policy {policy}"
    words += f" and the rule{'s' if plan['rules'][1:] else ''} {', '.join(plan['rules'])}" if plan["rules"] else ""
    return words + (f" and the role alias {plan['role_alias']}" if plan["role_alias"] else "")
