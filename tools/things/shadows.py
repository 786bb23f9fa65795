"""A thing's shadow through the data plane's HTTPS API, as dicts."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from aws_iot import document as rules
from aws_iot.names import shadow as prefix

from ..cloud import aws as aws_errors
from ..cloud.aws import patiently
from ..cloud.feed import Feed, Unavailable
from ..errors import ToolError
from ..shapes import Json, Say

if TYPE_CHECKING:
    from ..cloud.aws import Aws

_INTERVAL_S = 1.0
# Of a state document, as JSON; an account's quota can be raised.
# https://docs.aws.amazon.com/general/latest/gr/iot-core.html#device-shadow-limits
LIMIT_BYTES = 8192


def get(aws: Aws, thing: str, name: str | None = None) -> Json | None:
    """The shadow document {"state", "metadata", "version", "timestamp"}, or None where there is none yet."""
    try:
        answer = aws.data.get_thing_shadow(thingName=thing, **_named(name))
    except ClientError as error:
        if aws_errors.missing(error):
            return None
        raise
    return json.loads(answer["payload"].read())


def follow(aws: Aws, thing: str, name: str | None, interval_s: float | None, say: Say) -> Iterator[Json | None]:
    """The shadow document as it is, then as each change leaves it, for ever; None where there is none.

    By MQTT, which misses none; with an interval, or where there is no such connection, it is asked for so often.
    """
    last: int | None = -1  # no version yet
    for found in _documents(aws, thing, name, interval_s, say):
        version = found["version"] if found else None
        if version != last:
            yield found
        last = version


def _documents(aws: Aws, thing: str, name: str | None, interval_s: float | None, say: Say) -> Iterator[Json | None]:
    def look() -> Json | None:
        return _state(get(aws, thing, name))

    if interval_s is None:
        topics = (f"{prefix(thing, name)}/update/documents", f"{prefix(thing, name)}/delete/accepted")
        try:
            with Feed(aws, *topics) as feed:
                known = look()  # after it has begun, so that no change is between the two
                yield known
                while True:
                    message = feed.next()  # None: a new connection, before which some may have been missed
                    new = patiently(look, say) if message is None else _told(*message)
                    if not (message and new and known) or new["version"] > known["version"]:  # else: it is older
                        known = new
                        yield known
        except Unavailable as error:
            interval_s = _INTERVAL_S
            say(f"{error}: the shadow is asked for each {interval_s:.0f} s, which AWS bills")
    yield look()
    while True:
        time.sleep(interval_s)
        yield patiently(look, say)


def _told(topic: str, payload: bytes) -> Json | None:
    """The document that a message tells of."""
    return None if topic.endswith("/accepted") else _state(json.loads(payload)["current"])


def _state(document: Json | None) -> Json | None:
    """A document's version, desired and reported state: the difference, which is of these, is not told of a change."""
    if document is None:
        return None
    state = {key: value for key, value in document["state"].items() if key != "delta" and value}
    return {"version": document["version"], "state": state}


def set_desired(aws: Aws, thing: str, desired: Json, name: str | None = None, version: int | None = None) -> Json:
    """Write the desired state (a null deletes a member); -> the accepted document. ToolError where the shadow has
    another version than the one that is given."""
    payload = json.dumps({"state": {"desired": desired}, **({"version": version} if version is not None else {})})
    try:
        answer = aws.data.update_thing_shadow(thingName=thing, payload=payload, **_named(name))
    except ClientError as error:
        if aws_errors.code(error) == "ConflictException":
            raise ToolError("the shadow was changed meanwhile: nothing was written; look at it again") from error
        raise
    return json.loads(answer["payload"].read())


def parse_state(text: str, limit_bytes: int = LIMIT_BYTES) -> Json:
    """The JSON object in an argument; ToolError when it is none, or one that AWS would refuse."""
    try:
        state = json.loads(text, parse_constant=_no_number)
    except json.JSONDecodeError as error:
        raise ToolError(
            f'the state is no valid JSON ({error.msg} at column {error.colno}); for example: \'{{"led": "on"}}\''
        ) from error
    except RecursionError as error:
        raise ToolError("the state has members on more levels than can be read: a shadow takes 8") from error
    if not isinstance(state, dict):
        raise ToolError('the state must be a JSON object, for example: \'{"led": "on"}\'')
    inner = state.get("state")
    if len(state) == 1 and isinstance(inner, dict) and inner.keys() & {"desired", "reported"}:
        raise ToolError('give the desired state alone, not the whole document; for example: \'{"led": "on"}\'')
    check_state(state, limit_bytes)
    return state


def check_state(state: Json, limit_bytes: int = LIMIT_BYTES) -> None:
    """ToolError for a state that AWS would refuse, by the name of the member; by the same rule as on a board."""
    try:
        rules.state(state)
        rules.limit(state, limit_bytes)
    except ValueError as error:
        raise ToolError(f"a shadow takes no such state: {error}") from error


def _no_number(text: str) -> None:
    raise ToolError(f"the state has {text}, which is no number in JSON: leave it out, or write null to delete a member")


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
