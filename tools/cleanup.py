"""iot-cleanup: what a project made, deleted; a local record goes only after its remote is gone."""

from botocore.exceptions import ClientError

from . import setting, things, workers
from .aws import WORKERS


def plan(project):
    """What there is to delete: the things' names and the policy that was made here, if any."""
    return {"things": project.things(), "policy": project.state().get("policy")}


def run(aws, project, progress):
    """Delete it all; -> workers.Outcome, whose failures keep their records."""
    names = project.things()
    half_made = [record for record in map(project.record, names) if not record.get("done")]
    things.recover(aws, half_made)
    with progress(len(names)) as advance:
        outcome = workers.run(names, lambda name: things.delete(aws, project.record(name)), WORKERS, advance)
    if project.active() and project.active() not in project.things():
        project.deactivate()
    if outcome.failures:
        return outcome
    project.change_state(plan=None)
    name = project.state().get("policy")
    if name:
        try:
            outcome.policy_kept = not things.delete_policy(aws, name)
        except ClientError as error:
            outcome.failures.append((name, error))
            return outcome
    setting.unsettle(project)
    project.remove_resources()
    return outcome
