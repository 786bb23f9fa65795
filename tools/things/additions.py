"""What a project's things may beyond the least, in a second policy beside the one that all of them begin with.

https://docs.aws.amazon.com/iot/latest/developerguide/iot-policies.html (AWS takes ten policies for a certificate)
The journal's "additions" says what it allows, and is written before AWS has it; a thing's record has its name.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_iot import topics

from .. import pki
from ..cloud.aws import WORKERS
from ..errors import ToolError
from ..shapes import Json, Progress, Say
from . import names, place, policy, project_cloud, role_alias, roles, things, workers
from .policy import Additions

if TYPE_CHECKING:
    from ..cloud.aws import Aws
    from .project import Project
    from .record import Record


def noted(state: Json) -> str | None:
    """The name of the second policy that a project's state has."""
    return (state.get("additions") or {}).get("name")


def of(state: Json) -> Additions:
    """What it allows."""
    return Additions.of(state.get("additions"))


def check(additions: Additions) -> Additions:
    """The same; ToolError for what AWS would refuse as a topic or filter."""
    for kind, look, values in (
        ("topic", topics.check_topic, (*additions.publish, *additions.retain)),
        ("filter", topics.check_filter, additions.subscribe),
    ):
        for value in values:
            try:
                look(value.replace(policy.THING, "t"))
            except ValueError as error:
                raise ToolError(f"{value!r} is no {kind} that AWS takes ({error})") from error
    for rule in additions.rules:
        names.check_rule(rule)
    return additions


def check_names(project: Project, additions: Additions, coming: str = "") -> None:
    """ToolError when these would let a thing pass for another by HTTPS, where the name in its certificate is all that
    tells which it is. coming: the longest name of those that are yet to be made."""
    if not additions.doors:
        return
    names = {coming: coming[: pki.NAME_LIMIT]} if coming else {
        record.name: pki.name_of_certificate(record.certificate_path.read_bytes())
        for record in map(project.record, project.things()) if record.certificate_path.exists()
    }  # fmt: skip
    others = [name for name, certified in names.items() if certified != name]
    if others:
        raise ToolError(
            f"HTTPS with a certificate cannot be allowed to {others[0]}: its certificate has another name, and that is "
            f"all by which AWS tells who asks (names over {pki.NAME_LIMIT} characters are cut): docs/doors.md"
        )


def plan(aws: Aws, additions: Additions) -> str | None:
    """The document (text) of the second policy, or None when it would allow nothing."""
    return policy.added(aws.arn_prefix, additions) if additions else None


def change(aws: Aws, project: Project, additions: Additions, say: Say, progress: Progress) -> None:
    """Have the second policy allow this: made, changed or deleted, and attached to each thing; or go on with that."""
    place.note(aws, project)
    if not additions:
        remove(aws, project, progress)
        return
    text = policy.added(aws.arn_prefix, additions)
    check_names(project, additions)
    name = noted(project.state())
    if name is None:
        name = names.check_policy(f"{project_cloud.settle(aws, project, say)}-additions")
        if things.policy_document(aws, name) is not None:
            raise ToolError(f"there is a policy {name} already that was not made here: delete it, or rename it")
    attached = bool((project.state().get("additions") or {}).get("attached"))
    project.change_state(additions={"name": name, **additions.document(), "attached": attached})
    things.put_policy(aws, name, text)
    role_alias.allow(aws, project, additions)
    if not attached:
        _attach_all(aws, project, name, progress)
        project.change_state(additions={**project.state()["additions"], "attached": True})


def remove(aws: Aws, project: Project, progress: Progress) -> bool:
    """Detach the second policy from each thing and delete it; -> False when others use it, and it stays."""
    place.check(aws, project)
    name = noted(project.state())
    if name is None:
        return True
    project.change_state(additions={**project.state()["additions"], "attached": False})
    made = [project.record(each) for each in project.things()]
    with progress(len(made)) as advance:
        outcome = workers.run(made, lambda record: _detach(aws, record), WORKERS, advance, stop_on_error=True)
    if outcome.failures:
        raise outcome.failures[0][1]
    role_alias.allow(aws, project, Additions())
    gone = things.delete_policy(aws, name)
    project.change_state(additions=None)
    return gone


def _attach_all(aws: Aws, project: Project, name: str, progress: Progress) -> None:
    made = [record for record in map(project.record, project.things()) if record.get("done")]
    with progress(len(made)) as advance:
        outcome = workers.run(made, lambda record: _attach(aws, record, name), WORKERS, advance, stop_on_error=True)
    if outcome.failures:
        raise outcome.failures[0][1]


def _attach(aws: Aws, record: Record, name: str) -> None:
    if record.get("additions") != name:
        record.set(additions=name)
    aws.iot.attach_policy(policyName=name, target=record.get("cert_arn"))


def _detach(aws: Aws, record: Record) -> None:
    name, arn = record.get("additions"), record.get("cert_arn")
    if name and arn:
        roles.unless(roles.MISSING, aws.iot.detach_policy, policyName=name, target=arn)
    if name:
        record.set(additions=None)
