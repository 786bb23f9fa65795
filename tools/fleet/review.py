"""What a project's things did, against what their policies allow: too much, too little, and the smallest policy that
is enough."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from .. import journal, pki
from ..cloud import aws as aws_errors
from ..cloud import local_aws, usage
from ..errors import ToolError
from ..shapes import Json
from ..things import additions, policy, role_alias, things
from . import permits
from .permits import NAME, Right

if TYPE_CHECKING:
    from ..cloud.aws import Aws
    from ..things.project import Project

_ORDER = (
    "iot:Connect", "iot:Publish", "iot:RetainPublish", "iot:Subscribe", "iot:Receive", "iot:GetThingShadow",
    "iot:UpdateThingShadow", "iot:DeleteThingShadow", "iot:ListNamedShadowsForThing", "iot:GetRetainedMessage",
    "iot:ListRetainedMessages", "iot:AssumeRoleWithCertificate",
)  # fmt: skip
Use = tuple[str, str]  # action and resource, with the variable where the thing's name was
Row = tuple[str, Json, list[str]]  # of a policy: action, condition, resources
Said = dict[str, list[Right]]  # what policies say of each thing


def counted(aws: Aws, path: Path | None = None) -> dict[str, Json]:
    """What the local AWS counted, by thing; or what a file like its usage.json has."""
    if path is None:
        cloud = local_aws.serving(aws)
        if cloud is None or cloud.folder is None:
            raise ToolError(
                "AWS does not tell what a thing used: the local AWS counts it (`thing cloud up`), and --usage FILE "
                f"takes a {usage.FILE} of one"
            )
        path = cloud.folder / usage.FILE
    return journal.read_json(path) if path.exists() else {}


def run(aws: Aws, project: Project, path: Path | None = None) -> Json:
    """-> {"things": those that did something, "too_little": [{"action", "resource", "things"}], "too_much":
    [{"action", "resource"}], "smallest": a policy's document, "characters": its length, "more": True where not all was
    counted}; and where something was asked by HTTPS with a certificate, or with AWS keys, the same of that, in "https"
    and "keys"."""
    found = {name: each for name, each in counted(aws, path).items() if name in project.things()}
    rights = permits.rights(_documents(aws, _policies(project)))
    said = [right for right in rights if policy.OF_CERTIFICATE not in right.resource]  # those are for HTTPS
    by_mqtt = {name: _uses(name, each["uses"], NAME) for name, each in found.items()}
    by_https = {
        name: _uses(name, each["https"], policy.OF_CERTIFICATE) for name, each in found.items() if each.get("https")
    }  # fmt: skip
    by_keys = {name: _uses(name, each["keys"], policy.KEYS_THING) for name, each in found.items() if each.get("keys")}
    answer = {"things": sorted(found), **_compared(aws, dict.fromkeys(found, said), by_mqtt)}
    if by_https:
        answer["https"] = _compared(aws, {name: _of_certificates(aws, name) for name in by_https}, by_https)
    if by_keys and role_alias.noted(project.state()):  # else they are of somebody else's making
        role = permits.rights(role_alias.documents(aws, project))
        answer["keys"] = _compared(aws, dict.fromkeys(by_keys, role), by_keys)
    return {**answer, "more": any(each.get("more") for each in found.values())}


def _compared(aws: Aws, said: Said, uses: dict[str, set[Use]]) -> Json:
    """Rights and uses have one variable in the place of the thing's name."""
    everything: set[Use] = set().union(*uses.values())
    lacking = {
        use: [name for name in uses if use in uses[name] and not permits.allowed(said[name], *use, NAME)]
        for use in sorted(everything)
    }
    rights = list(dict.fromkeys(right for each in said.values() for right in each))
    idle = [right for right in rights if right.allows and not any(right.covers(*use, NAME) for use in everything)]
    smallest = _smallest(aws.arn_prefix, everything, rights)
    return {
        "too_little": [
            {"action": use[0], "resource": use[1], "things": names} for use, names in lacking.items() if names
        ],
        "too_much": [{"action": each.action, "resource": each.resource} for each in idle],
        "smallest": json.loads(smallest), "characters": len(smallest),
    }  # fmt: skip


def _of_certificates(aws: Aws, name: str) -> list[Right]:
    """What the policies of a thing's certificates say of calls to AWS IoT's data plane, for which no variables have
    values but the certificate's: https://docs.aws.amazon.com/iot/latest/developerguide/thing-policy-variables.html"""
    return [
        replace(right, resource=_general(right.resource, name, policy.OF_CERTIFICATE))
        for arn in aws_errors.pages(aws.iot.list_thing_principals, "principals", thingName=name)
        for right in _of_certificate(aws, arn)
        if "${" not in right.resource and not right.resource.startswith("rolealias/")
    ]


def _of_certificate(aws: Aws, arn: str) -> list[Right]:
    """What the policies of a certificate say, with its name in them."""
    found = aws.iot.describe_certificate(certificateId=arn.rpartition("/")[2])["certificateDescription"]
    certified = pki.name_of_certificate(found["certificatePem"])
    attached = aws_errors.pages(aws.iot.list_attached_policies, "policies", target=arn)
    rights = permits.rights(_documents(aws, [each["policyName"] for each in attached]))
    return [replace(right, resource=right.resource.replace(policy.OF_CERTIFICATE, certified)) for right in rights]


def _documents(aws: Aws, names: list[str]) -> list[Json]:
    return [document for document in (things.policy_document(aws, name) for name in names) if document]


def _policies(project: Project) -> list[str]:
    names = [project.config().get("policy_name"), additions.noted(project.state())]
    return [name for name in names if name]


def _uses(name: str, used: Json, variable: str) -> set[Use]:
    """What a thing asked for, refused or not; of what it might have received, what it had asked for by SUBSCRIBE."""
    asked = {
        (action, _general(resource, name, variable))
        for action, resources in used.items()
        for resource in resources
        if action != "iot:Receive"
    }
    filters = [resource.removeprefix("topicfilter/") for action, resource in asked if action == "iot:Subscribe"]
    return asked | {("iot:Receive", f"topic/{_heard(each)}") for each in filters}


def _general(resource: str, name: str, variable: str) -> str:
    """The same for each thing, by a variable, and for each job and stream, whose ids are others next time."""
    levels = [variable if level == name else level for level in resource.split("/")]
    own = levels[3:4] == [variable] and levels[4:5] in (["jobs"], ["streams"])
    if own and len(levels) > 5 and levels[5] not in ("$next", "+"):
        levels[5] = "*" if levels[6:] else levels[5]
    return "/".join(levels)


def _heard(pattern: str) -> str:
    """The topics that a filter takes, as a resource."""
    if pattern.startswith("$share/"):
        pattern = pattern.split("/", 2)[2]
    return pattern.replace("+", "*").replace("#", "*")


def _smallest(arn_prefix: str, uses: set[Use], said: Iterable[Right] = ()) -> str:
    """A policy (text) of what was used, under the conditions that it is allowed under now; topics that differ little
    are joined where there is no room for each."""
    rows: list[Row] = []
    known = [use for use in uses if use[0] in _ORDER]
    for use in sorted(known, key=lambda use: (_ORDER.index(use[0]), use[1])):
        for condition in permits.conditions(said, *use, NAME):
            row = next((row for row in rows if row[:2] == (use[0], condition)), None)
            if row is None:
                rows.append(row := (use[0], condition, []))
            row[2].append(use[1])
    while len(text := _text(arn_prefix, rows)) > policy.LIMIT:
        wider = [(action, condition, _joined(resources)) for action, condition, resources in rows]
        if wider == rows:
            break
        rows = wider
    return text


def _text(arn_prefix: str, rows: Iterable[Row]) -> str:
    statements = []
    for action, condition, resources in rows:
        named = [f"{arn_prefix}:{each}" if each != "*" else each for each in permits.minimal(resources)]
        limits = {"Condition": condition} if condition else {}
        statements.append({"Action": action, "Resource": named, **limits})
    return policy.document(statements)


def _joined(resources: list[str]) -> list[str]:
    """Shorter by one level: those that differ in their last level alone are one with a *."""
    groups: dict[str, list[str]] = {}
    for each in resources:
        groups.setdefault(each.removesuffix("/*").rpartition("/")[0], []).append(each)
    found = max(groups.items(), key=lambda group: len(group[1]), default=None)
    if found is None or len(found[1]) < 2 or "/" not in found[0]:
        return resources
    return sorted([*(each for each in resources if each not in found[1]), f"{found[0]}/*"])
