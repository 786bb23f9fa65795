"""A thing's shadow through the data plane's HTTPS API, as dicts."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from ..cloud import aws as aws_errors
from ..errors import ToolError
from ..shapes import Json

if TYPE_CHECKING:
    from ..cloud.aws import Aws


def get(aws: Aws, thing: str, name: str | None = None) -> Json | None:
    """The shadow document {"state", "metadata", "version", "timestamp"}, or None where there is none yet."""
    try:
        answer = aws.data.get_thing_shadow(thingName=thing, **_named(name))
    except ClientError as error:
        if aws_errors.missing(error):
            return None
        raise
    return json.loads(answer["payload"].read())


def set_desired(aws: Aws, thing: str, desired: Json, name: str | None = None) -> Json:
    """Write the desired state (a null deletes a member); -> the accepted document."""
    payload = json.dumps({"state": {"desired": desired}})
    return json.loads(aws.data.update_thing_shadow(thingName=thing, payload=payload, **_named(name))["payload"].read())


def parse_state(text: str) -> Json:
    """The JSON object in an argument; ToolError when it is none."""
    try:
        state = json.loads(text)
    except json.JSONDecodeError as error:
        raise ToolError(
            f'the state is no valid JSON ({error.msg} at column {error.colno}); for example: \'{{"led": "on"}}\''
        ) from error
    if not isinstance(state, dict):
        raise ToolError('the state must be a JSON object, for example: \'{"led": "on"}\'')
    inner = state.get("state")
    if len(state) == 1 and isinstance(inner, dict) and inner.keys() & {"desired", "reported"}:
        raise ToolError('give the desired state alone, not the whole document; for example: \'{"led": "on"}\'')
    return state


def changes(old: Json, new: Json) -> list[tuple[str, Any, Any]]:
    """What differs between two states: [(dotted path, old value, new value)], None for what is absent."""
    found: list[tuple[str, Any, Any]] = []

    def walk(path: list[str], before: Any, after: Any) -> None:
        members = (before or after) and all(isinstance(state, (dict, type(None))) for state in (before, after))
        if members:
            before, after = before or {}, after or {}
            for key in dict.fromkeys((*before, *after)):
                walk([*path, key], before.get(key), after.get(key))
        elif before != after:
            found.append((".".join(path), before, after))

    walk([], old, new)
    return found


def _named(name: str | None) -> dict[str, str]:
    return {"shadowName": name} if name else {}
