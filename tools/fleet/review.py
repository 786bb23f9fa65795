"""What a project's things did, against what their policies allow: too much, too little, and the smallest policy that
is enough."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from .. import journal
from ..cloud import local_aws, usage
from ..errors import ToolError
from ..shapes import Json
from ..things import additions, policy, things
from . import permits
from .permits import NAME, Right

if TYPE_CHECKING:
    from ..cloud.aws import Aws
    from ..things.project import Project

_ORDER = ("iot:Connect", "iot:Publish", "iot:RetainPublish", "iot:Subscribe", "iot:Receive")
Use = tuple[str, str]  # action and resource, with the variable where the thing's name was
Row = tuple[str, Json, list[str]]  # of a policy: action, condition, resources


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
    counted}."""
    found = {name: each for name, each in counted(aws, path).items() if name in project.things()}
    documents = [
        document for document in (things.policy_document(aws, name) for name in _policies(project)) if document
    ]
    said = permits.rights(documents)
    uses = {name: _uses(name, each) for name, each in found.items()}
    lacking = {
        (action, resource): [name for name in uses if (action, resource) in uses[name]]
        for action, resource in sorted({use for each in uses.values() for use in each})
        if not permits.allowed(said, action, resource, NAME)
    }
    everything = {use for each in uses.values() for use in each}
    smallest = _smallest(aws.arn_prefix, everything, said)
    return {
        "things": sorted(found),
        "too_little": [{"action": use[0], "resource": use[1], "things": names} for use, names in lacking.items()],
        "too_much": [{"action": each.action, "resource": each.resource} for each in _idle(said, everything)],
        "smallest": json.loads(smallest), "characters": len(smallest),
        "more": any(each.get("more") for each in found.values()),
    }  # fmt: skip


def _policies(project: Project) -> list[str]:
    names = [project.config().get("policy_name"), additions.noted(project.state())]
    return [name for name in names if name]


def _uses(name: str, found: Json) -> set[Use]:
    """What a thing asked for, refused or not; of what it might have received, what it had asked for by SUBSCRIBE."""
    asked = {
        (action, _general(resource, name))
        for action, resources in found["uses"].items()
        for resource in resources
        if action != "iot:Receive"
    }
    filters = [resource.removeprefix("topicfilter/") for action, resource in asked if action == "iot:Subscribe"]
    return asked | {("iot:Receive", f"topic/{_heard(each)}") for each in filters}


def _general(resource: str, name: str) -> str:
    """The same for each thing, by the name's variable, and for each job and stream, whose ids are others next time."""
    levels = [NAME if level == name else level for level in resource.split("/")]
    if len(levels) > 5 and levels[3] == NAME and levels[4] in ("jobs", "streams") and levels[5] not in ("$next", "+"):
        levels[5] = "*" if levels[6:] else levels[5]
    return "/".join(levels)


def _heard(pattern: str) -> str:
    """The topics that a filter takes, as a resource."""
    if pattern.startswith("$share/"):
        pattern = pattern.split("/", 2)[2]
    return pattern.replace("+", "*").replace("#", "*")


def _idle(said: Iterable[Right], uses: set[Use]) -> list[Right]:
    """What is allowed and was not used."""
    return [
        right for right in said
        if right.allows and not any(right.covers(action, resource, NAME) for action, resource in uses)
    ]  # fmt: skip


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
        named = [f"{arn_prefix}:{each}" for each in permits.minimal(resources)]
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
