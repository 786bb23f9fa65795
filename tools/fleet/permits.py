"""What policies of AWS IoT allow (pure), as AWS judges them: allowed by one, and denied by none.

https://docs.aws.amazon.com/iot/latest/developerguide/iot-policies.html
Of conditions only the one that the policies made here have is known: that the certificate is the thing's. A statement
with any other counts as if its condition were met.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from ..shapes import Json

NAME = "${iot:Connection.Thing.ThingName}"
_OF_THE_THING = (NAME, "${iot:ClientId}")  # a thing connects by its own name


@dataclass(frozen=True)
class Right:
    """One action on one pattern of resources (without what ARNs begin with), as a policy allows or denies it."""

    action: str
    resource: str
    allows: bool = True
    condition: Json = field(default_factory=dict, hash=False)  # of its statement

    def covers(self, action: str, resource: str, thing: str) -> bool:
        pattern = self.resource
        for variable in _OF_THE_THING:
            pattern = pattern.replace(variable, thing)
        return _like(self.action, action, re.IGNORECASE) and _like(pattern, resource)


def rights(documents: Iterable[Json]) -> list[Right]:
    """All that policies say, statement by statement."""
    return [right for document in documents for right in _of(document)]


def allowed(said: Iterable[Right], action: str, resource: str, thing: str) -> bool:
    """Whether a thing may do this."""
    found = [right.allows for right in said if right.covers(action, resource, thing)]
    return bool(found) and all(found)


def conditions(said: Iterable[Right], action: str, resource: str, thing: str) -> list[Json]:
    """The conditions, one of which has to be met, under which this is allowed: [{}] when there are none. What is not
    allowed has those of other resources of its action."""
    same = [right for right in said if right.allows and _like(right.action, action, re.IGNORECASE)]
    found = [right.condition for right in same if right.covers(action, resource, thing)]
    found = found or [right.condition for right in same]
    return [{}] if not found or {} in found else [each for at, each in enumerate(found) if each not in found[:at]]


def minimal(resources: Iterable[str]) -> list[str]:
    """Of resources those that no other one covers, sorted."""
    found = sorted(set(resources))
    wide = [each for each in found if "*" in each and "?" not in each]  # a ? covers no *
    return [each for each in found if not any(other != each and _like(other, each) for other in wide)]


def _of(document: Json) -> Iterator[Right]:
    for statement in _list(document.get("Statement", ())):
        for action in _list(statement.get("Action", ())):
            for resource in _list(statement.get("Resource", ())):
                is_allowed = statement.get("Effect") == "Allow"
                yield Right(action, _short(resource), is_allowed, statement.get("Condition") or {})


def _list(value: Any) -> list[Any]:
    return list(value) if isinstance(value, (list, tuple)) else [value]


def _short(resource: str) -> str:
    """topic/a of arn:aws:iot:eu-west-1:123456789012:topic/a."""
    return resource.split(":", 5)[5] if resource.startswith("arn:") and resource.count(":") > 4 else resource


def _like(pattern: str, text: str, flags: int = 0) -> bool:
    expression = "".join({"*": ".*", "?": "."}.get(letter, re.escape(letter)) for letter in pattern)
    return re.fullmatch(expression, text, flags | re.DOTALL) is not None
