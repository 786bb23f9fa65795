"""iot-cleanup: what a project made, deleted; a local record goes only after its remote is gone."""

from __future__ import annotations

import contextlib
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from ..cloud.aws import WORKERS
from ..shapes import Advance, Json, Progress
from . import additions, bulk, jobs, place, project_cloud, role_alias, rules, things, workers

if TYPE_CHECKING:
    from ..cloud.aws import Aws
    from .project import Project
    from .workers import Outcome


def plan(project: Project) -> Json:
    """What there is to delete: the things' names, and the policies, the rules, the role alias and the jobs that were
    made here, if any."""
    state = project.state()
    return {
        "things": project.things(), "policy": state.get("policy"), "additions": additions.noted(state),
        "role_alias": role_alias.noted(state), "rules": sorted(rules.noted(state)),
        "jobs": sorted(jobs.noted(state)),
    }  # fmt: skip


def run(aws: Aws, project: Project, progress: Progress) -> Outcome:
    """Delete it all; -> workers.Outcome, whose failures keep their records."""
    place.check(aws, project)
    bulk.abandon(aws, project)
    names = project.things()
    with progress(len(names)) as advance:
        outcome = _delete(aws, project, [name for name in names if project.record(name).get("done")], advance)
        half_made = [name for name in project.things() if not project.record(name).get("done")]
        # Last: what they lack is written down first, and a disk that was full has room by now.
        things.recover(aws, map(project.record, half_made))
        outcome.add(_delete(aws, project, half_made, advance))
    if project.active() and project.active() not in project.things():
        project.deactivate()
    if outcome.failures:
        return outcome
    project.change_state(plan=None)
    shared = plan(project)
    steps = (
        ("rules", lambda: [rules.delete(aws, project, name, _quietly) for name in shared["rules"]]),
        ("role_alias", lambda: role_alias.delete(aws, project)),
        ("additions", lambda: outcome.keep(shared["additions"], additions.remove(aws, project, _quietly))),
        ("policy", lambda: outcome.keep(shared["policy"], things.delete_policy(aws, shared["policy"]))),
        ("jobs", lambda: jobs.delete(aws, project, *shared["jobs"])),
    )
    for kind, delete in steps:
        try:
            if shared[kind]:
                delete()
        except ClientError as error:
            outcome.failures.append((shared[kind], error))
            return outcome
    tidy(project)
    return outcome


def _quietly(total: int) -> AbstractContextManager[Advance]:
    return contextlib.nullcontext(lambda: None)


def _delete(aws: Aws, project: Project, names: list[str], advance: Advance) -> Outcome:
    gone: list[str] = []

    def one(name: str) -> None:
        if not things.delete(aws, project.record(name)):
            gone.append(name)

    outcome = workers.run(names, one, WORKERS, advance)
    outcome.gone = len(gone)
    return outcome


def tidy(project: Project) -> None:
    """Take away what is only for things, once there are none."""
    project_cloud.unsettle(project)
    project.remove_resources()
