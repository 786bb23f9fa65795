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
    """Delete the things of the project in PATH with their certificates and shadows, those made through `thing serve`
    and its keys included, and the policies, rules and role alias if these were made here; then the jobs that
    `fota` and `job start` began in the project's folder, with what was uploaded. Bucket and role are yours and stay.

    PATH is by default this folder. A thing's folder goes only when AWS has nothing of the thing any more; what
    fails is kept for another run. A policy that another certificate still uses stays.
    """
    from ..fleet.para import removal
    from ..main import sentence
    from ..things import cleanup, place
    from ..things.project import Project
    from ..things.workers import Outcome

    project = Project.open(path)
    plan = cleanup.plan(project)
    served = removal.plan(project)
    if served is not None:
        plan["served"] = served
    out = context.out
    if not any(plan.values()) and served is None:
        if not dry_run:
            with project.lock():
                if not any(cleanup.plan(project).values()):
                    cleanup.tidy(project)
        out.data({**plan, "deleted": 0}, "nothing to delete")
        return
    if dry_run:
        place.check(context.aws, project)  # what would be refused is not promised
        listed = [*plan["things"], *(served or ())]
        out.data(plan, f"would delete {_words(plan)}" + "".join(f"\n  {name}" for name in listed))
        return
    if not yes and not click.confirm(f"Delete {_words(plan)}, in AWS and here?", err=True):
        raise Partly("nothing was deleted")
    with project.lock():
        outcome = Outcome()
        if served is not None:
            outcome = removal.run(context.aws, project, lambda total: out.progress(total, "deleting things of the API"))
        if not outcome.failures:  # else there is no end of the project's own yet
            outcome.add(cleanup.run(context.aws, project, lambda total: out.progress(total, "deleting things")))
    deleted = outcome.done - outcome.gone
    text = f"{things(deleted)} deleted" + (", with certificates and shadows" if deleted else "")
    if outcome.gone:
        text += f", {outcome.gone} had been deleted from AWS before"
    for policy in filter(None, (plan["policy"], plan["additions"])):
        if policy in outcome.policies_kept:
            text += f"; the policy {policy} is still in use and stays"
        elif not outcome.failures:
            text += f"; the policy {policy} is deleted, too"
    if plan["jobs"] and not outcome.failures:
        text += f"; {_named('job', plan['jobs'])} and what was uploaded are deleted, too; "
        text += "bucket and role are yours and stay"
    out.data({**plan, "deleted": deleted, "gone": outcome.gone, "failed": len(outcome.failures)}, text)
    if outcome.failures:
        names, error = outcome.failures[0]
        name = names if isinstance(names, str) else ", ".join(names)
        raise Partly(f"{len(outcome.failures)} not deleted and kept here, {name} for one: {sentence(error)}")


def _words(plan: Json) -> str:
    words = f"{things(len(plan['things']) + len(plan.get('served', ())))} with certificates and shadows"
    words += " and the keys of apps" if "served" in plan else ""
    for policy in filter(None, (plan["policy"], plan["additions"])):
        words += f" and the policy {policy}"
    words += f" and {_named('rule', plan['rules'])}" if plan["rules"] else ""
    words += f" and {_named('job', plan['jobs'])}, with what was uploaded" if plan["jobs"] else ""
    return words + (f" and the role alias {plan['role_alias']}" if plan["role_alias"] else "")


def _named(kind: str, names: list[str]) -> str:
    return f"the {kind}{'s' if names[1:] else ''} {', '.join(names)}"
