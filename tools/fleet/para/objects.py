"""Para's Thing as an object: what may be given, what is kept, what is shown.

What only Para knows of a thing is kept as one JSON object: timestamp, updated, version, tags, deviceState (as it was
last read), and the fields of its user's own. Name, certificate, policy and state are AWS's.
"""

from __future__ import annotations

import json
import secrets
import time
import urllib.parse
from typing import Any

from aws_iot import document

from ...errors import ToolError
from ...shapes import Json
from ...things import names, shadows, single
from .refusal import Refused

TYPE, PLURAL, BROKER = "thing", "things", "AWS"
# Not written by a request: Para ignores them, since its clients send back what they read.
_LOCKED = {
    "id", "type", "appid", "timestamp", "updated", "stored", "indexed", "cached", "serviceBroker", "deviceMetadata",
    "deviceDetails", "objectURI", "plural",
}  # fmt: skip
_OURS = {"name", "version", "tags", "deviceState"}  # these have rules of their own; the rest is the user's
_LEVELS = 64
_ID_LIMIT = 128
_ID_LETTERS = set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.,@:#=[]-")  # AWS keeps them


def parse(body: bytes, kind: type) -> Any:
    """The JSON of a request's body, which is to be of this type; Refused when it is none."""
    if not body:
        raise Refused(400, "Missing request body.")
    try:
        given = json.loads(body.decode(), parse_constant=_no_number)
        document.verify(given)
    except UnicodeDecodeError as error:
        raise Refused(400, f"The body is no UTF-8 ({error.reason} at byte {error.start}).") from error
    except (ValueError, RecursionError) as error:
        raise Refused(400, f"The body is no JSON that can be read: {error}") from error
    if not isinstance(given, kind):
        raise Refused(400, f"The body must be a JSON {'object' if kind is dict else 'array'}.")
    _check_levels(given)
    return given


def _check_levels(given: Any) -> None:
    """Refused for what could not be written out again."""
    values = [given]
    for _ in range(_LEVELS):
        inner = [each.values() if isinstance(each, dict) else each for each in values if isinstance(each, (dict, list))]
        values = [value for each in inner for value in each]
        if not values:
            return
    raise Refused(400, f"The body has more than {_LEVELS} levels.")


def _no_number(text: str) -> None:
    raise ValueError(f"{text} is no number in JSON")


def check(given: Json) -> None:
    """Refused for a field of the wrong type, or one that would not be kept as it is meant."""
    for key in given:
        if key.startswith("_"):
            raise Refused(400, f"{key}: fields that begin with _ are Para's own; voting is not served here.")
    _of_type(given, "name", str, "text")
    _of_type(given, "serviceBroker", str, "text")
    version = given.get("version")
    if version is not None and (not isinstance(version, int) or isinstance(version, bool)):
        raise Refused(400, "version: must be a whole number.")
    _of_type(given, "tags", list, "an array of texts")
    if not all(isinstance(tag, str) for tag in given.get("tags") or ()):
        raise Refused(400, "tags: must be an array of texts.")
    _of_type(given, "deviceState", dict, "an object")
    _check_state(given.get("deviceState") or {})
    metadata = given.get("deviceMetadata")
    if isinstance(metadata, dict) and "policyJSON" in metadata:
        raise Refused(400, "deviceMetadata.policyJSON: a thing gets the policy of the least, not one that is sent.")


def _of_type(given: Json, key: str, kind: type, words: str) -> None:
    if given.get(key) is not None and not isinstance(given[key], kind):
        raise Refused(400, f"{key}: must be {words}.")


def _check_state(state: Json) -> None:
    try:
        document.state(state)
        document.limit(state, shadows.LIMIT_BYTES)
    except ValueError as error:
        raise Refused(400, f"deviceState: {error}") from error


def check_new(given: Json) -> str:
    """check() of what is to become a thing; -> its name, made up where none is given."""
    check(given)
    broker = given.get("serviceBroker")
    if broker != BROKER:
        raise Refused(400, f'serviceBroker: must be "{BROKER}".' if broker else "serviceBroker: may not be empty.")
    name: str = given.get("name") or f"ParaObject-{secrets.token_hex(8)}"
    try:
        names.check_kept(name)
        single.policy_name(name)
    except ToolError as error:
        raise Refused(400, f"name: {error}") from error
    return name


def check_id(wanted: str) -> str:
    """An id that a client chose; Refused when AWS could not keep it for a rebuilt store."""
    if not 0 < len(wanted) <= _ID_LIMIT or not set(wanted) <= _ID_LETTERS:
        raise Refused(400, f"id: 1 to {_ID_LIMIT} of a-z A-Z 0-9 _ . , @ : # = [ ] -")
    return wanted


def new(given: Json) -> Json:
    """What is kept of a new object."""
    state = _without_nulls(given.get("deviceState") or {})
    return {**_own(given), **kept(), "tags": given.get("tags") or [], "deviceState": state}


def _without_nulls(state: Json) -> Json:
    """As AWS keeps a state."""
    return {
        key: _without_nulls(value) if isinstance(value, dict) else value
        for key, value in state.items()
        if value is not None
    }


def kept() -> Json:
    """What is kept of a thing of which only AWS knew."""
    return {"timestamp": now(), "version": 1, "tags": [], "deviceState": {}}


def changed(old: Json, given: Json) -> Json:
    """What is kept after a PATCH; a null takes a field of the user's own out."""
    own = {**_own(old), **_own(given)}
    return {**_next(old, given), **{key: value for key, value in own.items() if value is not None}}


def replaced(old: Json, given: Json) -> Json:
    """What is kept after a PUT: of the user's own fields, only what is given."""
    return {**_next(old, {"tags": [], **given}), **_own(given)}


def _next(old: Json, given: Json) -> Json:
    tags = old["tags"] if given.get("tags") is None else given["tags"]
    return {
        "timestamp": old["timestamp"], "updated": now(), "version": old["version"] + 1, "tags": tags,
        "deviceState": old["deviceState"],
    }  # fmt: skip


def _own(given: Json) -> Json:
    return {key: value for key, value in given.items() if key not in _LOCKED | _OURS}


def check_version(old: Json, given: Json) -> None:
    """Refused when a version is given, and not that of the object; none, or 0, is no question."""
    if given.get("version") not in (None, 0, old["version"]):
        raise Refused(412, "Update failed due to 'version' mismatch.")


def check_name(name: str, given: Json) -> None:
    """Refused for another name: AWS renames no thing."""
    if given.get("name") not in (None, name):
        raise Refused(400, f"name: a thing of AWS keeps its name, which is {name}.")


def wish(read: Json, given: Json) -> Json:
    """What is new in a state that comes back as part of the object that was read: what the device reported, and who
    read it did not touch, is no wish."""
    found: Json = {}
    for key, value in given.items():
        if isinstance(value, dict) and isinstance(read.get(key), dict):
            below = wish(read[key], value)
            if below:
                found[key] = below
        elif key not in read or read[key] != value or type(read[key]) is not type(value):
            found[key] = value
    return found


def shown(appid: str, key: str, name: str, object_: Json) -> Json:
    """The object as Para shows it."""
    head = {"id": key, "timestamp": object_["timestamp"], "type": TYPE, "appid": appid, "name": name}
    tail = {
        "version": object_["version"], "stored": True, "indexed": True, "cached": True, "tags": object_["tags"],
        "serviceBroker": BROKER, "deviceState": object_["deviceState"],
        "objectURI": f"/{TYPE}/{urllib.parse.quote(key, safe='')}", "plural": PLURAL,
    }  # fmt: skip
    updated = {"updated": object_["updated"]} if "updated" in object_ else {}
    return {**head, **updated, **tail, **_own(object_)}


def now() -> int:
    """Para's time: milliseconds of the epoch."""
    return int(time.time() * 1000)
