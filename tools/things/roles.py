"""Roles of IAM that a project makes: they bear its id as a tag, by which they are known from others of their names."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from botocore.exceptions import ClientError

from ..cloud import aws as aws_errors
from ..shapes import Json

if TYPE_CHECKING:
    from ..cloud.aws import Aws
    from .project import Project

_T = TypeVar("_T")
OWNER = "project"  # the tag
MISSING = ("ResourceNotFoundException", "NoSuchEntity", "NoSuchEntityException")


def arn(aws: Aws, name: str) -> str:
    _, partition, _, _, account = aws.arn_prefix.split(":")
    return f"arn:{partition}:iam::{account}:role/{name}"


def find(aws: Aws, name: str) -> Json | None:
    """A role as IAM tells of it, or None."""
    found = unless(MISSING, aws.client("iam").get_role, RoleName=name)
    return found and found["Role"]


def is_ours(project: Project, role: Json) -> bool:
    return {"Key": OWNER, "Value": project.state()["project"]} in role.get("Tags", ())


def make(aws: Aws, project: Project, name: str, trust: str, description: str) -> bool:
    """Make a role, unless it is there; -> whether it was made now."""
    if find(aws, name) is not None:
        return False
    tags = [{"Key": OWNER, "Value": project.state()["project"]}]
    iam = aws.client("iam")
    iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust, Description=description, Tags=tags)
    return True


def delete(aws: Aws, project: Project, name: str, *inline: str) -> bool:
    """Delete a role with its policies of these names; -> False for one that was not made here."""
    role = find(aws, name)
    if role is None:
        return True
    if not is_ours(project, role):
        return False
    iam = aws.client("iam")
    for each in inline:
        unless(MISSING, iam.delete_role_policy, RoleName=name, PolicyName=each)
    unless(MISSING, iam.delete_role, RoleName=name)
    return True


def unless(codes: tuple[str, ...], call: Callable[..., _T], **arguments: Any) -> _T | None:
    """The answer of a call; None where AWS gives one of these errors."""
    try:
        return call(**arguments)
    except ClientError as error:
        if aws_errors.code(error) not in codes:
            raise
        return None
