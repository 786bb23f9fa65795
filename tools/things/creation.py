"""add-things: a planned number of things under one base name, made side by side and resumed after any end."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING

from ..cloud.aws import WORKERS
from ..errors import ToolError
from ..shapes import Json, Progress
from . import additions, names, things, workers

if TYPE_CHECKING:
    from ..cloud.aws import Aws
    from .project import Project

_NAME_LIMIT = 128


class Report:
    """What one run of add() came to."""

    def __init__(self, plan: Json) -> None:
        self.plan = plan
        self.resumed = False
        self.dropped = 0  # things of an older plan that will not be made
        self.created = 0
        self.left = 0
        self.seconds = 0.0
        self.failure: Exception | None = None
        self.active: str | None = None

    @property
    def names(self) -> list[str]:
        return [f"{self.plan['base']}_{self.plan['first'] + index}" for index in range(self.plan["count"])]


def base_name(project: Project, wanted: str | None) -> str:
    """The base name to use: the one asked for, else the last one used here, else the folder's name."""
    base = wanted or project.state().get("base") or re.sub(r"[^a-zA-Z0-9:_-]", "_", project.folder.resolve().name)
    return names.check_kept(base)


def prepare(project: Project, number: int, base: str, key: str) -> Report:
    """Lay down what to make before anything is made; an unfinished plan for the same is taken up again."""
    state = project.state()
    old = state.get("plan")
    if old and (old["base"], old["count"], old["key"]) == (base, number, key):
        report = Report(old)
        report.resumed = True
        additions.check_names(project, additions.of(state), report.names[-1])
        return report
    first = project.next_number(base)
    if len(f"{base}_{first + number - 1}") > _NAME_LIMIT:
        raise ToolError(
            f"the base name is too long: {base}_{first + number - 1} has more than {_NAME_LIMIT} characters"
        )
    report = Report({"base": base, "first": first, "count": number, "key": key})
    additions.check_names(project, additions.of(state), report.names[-1])
    if old:
        report.dropped = sum(not project.record(name).folder.exists() for name in Report(old).names)
    project.change_state(**{**state, "base": base, "plan": report.plan})
    return report


def add(aws: Aws, project: Project, report: Report, policy_name: str, progress: Progress) -> Report:
    """Make the things of a plan that are not made yet, half-made ones of older plans first; -> the same report.

    progress(total) is a context manager that gives advance(). The first error stops the run: what is at work is
    finished, the rest is left for the next run.
    """
    owner, more = project.state()["project"], additions.noted(project.state())
    records = [record for record in map(project.record, project.things()) if not record.get("done")]
    half_made = {record.name for record in records}
    things.recover(aws, records)
    wanted = (name for name in report.names if name not in half_made)
    todo = [*half_made, *(name for name in wanted if not project.record(name).get("done"))]

    def make(name: str) -> None:
        record = project.record(name)
        things.create(aws, record, owner, policy_name, record.get("key") or report.plan["key"], more)

    start = time.monotonic()
    with progress(len(todo)) as advance:
        outcome = workers.run(todo, make, WORKERS, advance, stop_on_error=True)
    report.seconds = time.monotonic() - start
    report.created = outcome.done
    report.left = len(todo) - outcome.done
    report.failure = outcome.failures[0][1] if outcome.failures else None
    return conclude(project, report)


def conclude(project: Project, report: Report) -> Report:
    """Strike the plan off when all is made, and make the first thing the active one where there is none."""
    try:
        if not report.left:
            project.change_state(plan=None)
        first = project.record(report.names[0])
        if not project.active() and first.get("done"):
            project.activate(first)
            report.active = first.name
    except OSError as error:
        report.failure = report.failure or error
    return report
