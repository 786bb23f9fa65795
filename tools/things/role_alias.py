"""A role alias: by it the things of a project fetch AWS keys, which expire, with nothing but their certificates.

https://docs.aws.amazon.com/iot/latest/developerguide/authorizing-direct-aws.html
Its parts: a role of IAM that the credential provider may take, with a policy of the least; the alias, which points to
the role and has its name; and in the policy of the project's things the statement that lets them ask by it. The
journal's "role_alias" is written before the first of them is made and taken out when the last is gone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..cloud import aws as aws_errors
from ..errors import ToolError
from ..shapes import Json, Say
from . import names, place, policy, project_cloud, roles, things

if TYPE_CHECKING:
    from ..cloud.aws import Aws
    from .project import Project

_INLINE = "thing"  # the role's policy
_ADDED = "additions"  # and what things may beyond the least
_POLICIES = (_INLINE, _ADDED)


def noted(state: Json) -> str | None:
    """The name of the alias that a project's state has."""
    return (state.get("role_alias") or {}).get("name")


def plan(aws: Aws, name: str, bucket: str | None) -> Json:
    """The documents of what create() makes."""
    statement = {"Effect": "Allow", **policy.assume(aws.arn_prefix, name)}
    return {
        "role_alias": name, "role": roles.arn(aws, name), "trust": policy.trust(),
        "policy": policy.of_keys(aws.arn_prefix, bucket), "statement": statement,
    }  # fmt: skip


def create(aws: Aws, project: Project, name: str, bucket: str | None, seconds: int, say: Say) -> Json:
    """Make the alias and what belongs to it, or go on where an earlier run stopped; -> what thing.conf.json got."""
    place.note(aws, project)
    other = noted(project.state())
    if other not in (None, name):
        raise ToolError(f"the project has the role alias {other} already: `thing role-alias delete` deletes it")
    things_policy = _check(aws, project, name, say)
    project.change_state(role_alias={"name": name})
    roles.make(aws, project, name, policy.trust(), "What things may with keys of AWS IoT's credential provider")
    text = policy.of_keys(aws.arn_prefix, bucket)
    aws.client("iam").put_role_policy(RoleName=name, PolicyName=_INLINE, PolicyDocument=text)
    allow(aws, project, policy.Additions.of(project.state().get("additions")))
    if _alias(aws, name) is None:
        aws.iot.create_role_alias(roleAlias=name, roleArn=roles.arn(aws, name), credentialDurationSeconds=seconds)
    else:
        aws.iot.update_role_alias(roleAlias=name, credentialDurationSeconds=seconds)
    things.change_policy(aws, things_policy, name)
    settings = {"role_alias": name, "credentials": project_cloud.provider(aws)}
    project.change_config(**settings)
    return settings


def delete(aws: Aws, project: Project) -> list[str]:
    """Delete what create() made, the alias first; -> what has its names and was not made here, which stays."""
    place.check(aws, project)
    name = noted(project.state())
    if name is None:
        return []
    kept = []
    things_policy = project.config().get("policy_name")
    found = things.policy_document(aws, things_policy) if things_policy else None
    if things_policy and found is not None and things.is_ours(aws, found, name):
        things.change_policy(aws, things_policy, None)
    if (alias := _alias(aws, name)) is not None:
        if _is_alias_ours(aws, project, alias):
            aws.iot.delete_role_alias(roleAlias=name)
        else:
            kept.append(f"role alias {name}")
    if not roles.delete(aws, project, name, *_POLICIES):
        kept.append(f"role {name}")
    project.change_config(role_alias=None, credentials=None)
    project.change_state(role_alias=None)
    return kept


def allow(aws: Aws, project: Project, added: policy.Additions) -> None:
    """Let keys by the project's role alias, if any, do what things may beyond the least, which may be nothing."""
    name = noted(project.state())
    role = roles.find(aws, name) if name else None
    if role is None or not roles.is_ours(project, role):
        return
    iam = aws.client("iam")
    text = policy.added_of_keys(aws.arn_prefix, added)
    if text:
        iam.put_role_policy(RoleName=name, PolicyName=_ADDED, PolicyDocument=text)
    else:
        roles.unless(roles.MISSING, iam.delete_role_policy, RoleName=name, PolicyName=_ADDED)


def documents(aws: Aws, project: Project) -> list[Json]:
    """What the role of the project's alias may in AWS IoT, as policy documents."""
    iam, name = aws.client("iam"), noted(project.state())
    found = [roles.unless(roles.MISSING, iam.get_role_policy, RoleName=name, PolicyName=each) for each in _POLICIES]
    statements = [part for each in found if each for part in each["PolicyDocument"]["Statement"]]
    return [{"Statement": [part for part in statements if "iot:" in str(part["Action"])]}]


def listing(aws: Aws) -> list[Json]:
    """The role aliases of the account and region: [{"name", "role", "seconds"}]."""
    found = [_alias(aws, name) for name in aws_errors.pages(aws.iot.list_role_aliases, "roleAliases", pageSize=250)]
    return [
        {"name": alias["roleAlias"], "role": alias["roleArn"], "seconds": alias["credentialDurationSeconds"]}
        for alias in found
        if alias
    ]


def _check(aws: Aws, project: Project, name: str, say: Say) -> str:
    """ToolError for what is in the way, before anything is made; -> the policy of the project's things, which there is
    then."""
    names.check_role_alias(name)
    statement = f"iot:AssumeRoleWithCertificate on {aws.arn_prefix}:rolealias/{name}"
    if (role := roles.find(aws, name)) is not None and not roles.is_ours(project, role):
        raise ToolError(f"there is a role {name} already that was not made here; take another name")
    if (alias := _alias(aws, name)) is not None and not _is_alias_ours(aws, project, alias):
        raise ToolError(f"there is a role alias {name} already that was not made here; take another name")
    things_policy = project_cloud.settle(aws, project, say)
    found = things.policy_document(aws, things_policy)
    if found is None or not things.is_ours(aws, found, name):
        raise ToolError(
            f"the policy {things_policy} of the project's things is not as one made here, and is left as it is: "
            f"name another in thing.conf.json (policy_name), or make role and alias yourself and allow {statement}"
        )
    return things_policy


def _alias(aws: Aws, name: str) -> Json | None:
    found = roles.unless(roles.MISSING, aws.iot.describe_role_alias, roleAlias=name)
    return found and found["roleAliasDescription"]


def _is_alias_ours(aws: Aws, project: Project, alias: Json) -> bool:
    """Whether the journal has it and it points to our role, or to where that was."""
    name = alias["roleAlias"]
    if noted(project.state()) != name or alias["roleArn"] != roles.arn(aws, name):
        return False
    role = roles.find(aws, name)
    return role is None or roles.is_ours(project, role)
