"""iot-cleanup: what a project made, deleted; a local record goes only after its remote is gone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from ..cloud.aws import WORKERS
from ..shapes import Advance, Json, Progress
from . import bulk, place, project_cloud, role_alias, things, workers

if TYPE_CHECKING:
    from ..cloud.aws import Aws
    from .project import Project
    from .workers import Outcome


def plan(project: Project) -> Json:
    """What there is to delete: the things' names, and the policy and the role alias that were made here, if any."""
    state = project.state()
    return {"things": project.things(), "policy": state.get("policy"), "role_alias": role_alias.noted(state)}


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
    name = role_alias.noted(project.state())
    try:
        if name:
            role_alias.delete(aws, project)
        name = project.state().get("policy")
        if name:
            outcome.policy_kept = not things.delete_policy(aws, name)
    except ClientError as error:
        outcome.failures.append((name, error))
        return outcome
    tidy(project)
    return outcome


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
