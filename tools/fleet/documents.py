"""A shadow's document line by line: what is desired and reported, and the least update that an edit means."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from ..shapes import Json

_ABSENT = object()


@dataclass(frozen=True)
class Line:
    """A value by its dotted path: desired and reported as JSON ("" where absent), when each was written."""

    path: str
    desired: str
    reported: str
    differs: bool
    desired_at: int | None
    reported_at: int | None


def lines(document: Json | None) -> list[Line]:
    """All values of a document, in the order of their paths; what is desired and not so reported differs."""
    state, metadata = (document or {}).get("state", {}), (document or {}).get("metadata", {})
    sides = [dict(_values(state.get(side) or {}, metadata.get(side) or {})) for side in ("desired", "reported")]
    return [_line(path, *(side.get(path) for side in sides)) for path in sorted({*sides[0], *sides[1]})]


def _line(path: str, desired: tuple[Any, int | None] | None, reported: tuple[Any, int | None] | None) -> Line:
    wanted, told = [each[0] if each else _ABSENT for each in (desired, reported)]
    same = wanted == told and isinstance(wanted, bool) == isinstance(told, bool)  # 1 == True in Python alone
    differs = wanted is not _ABSENT and not same
    return Line(path, _text(wanted), _text(told), differs, desired and desired[1], reported and reported[1])


def _text(value: Any) -> str:
    return "" if value is _ABSENT else json.dumps(value, ensure_ascii=False)


def _values(state: object, metadata: object, path: tuple[str, ...] = ()) -> list[tuple[str, tuple[Any, int | None]]]:
    """(dotted path, (value, time)) of all that is no object, or an empty one."""
    if isinstance(state, dict) and (state or not path):
        inner = metadata if isinstance(metadata, dict) else {}
        return [each for key in state for each in _values(state[key], inner.get(key), (*path, key))]
    return [(".".join(path), (state, max(stamps(metadata), default=None)))]


def stamps(metadata: object) -> list[int]:
    """All times in metadata, which are as deep as lists are."""
    if isinstance(metadata, dict) and isinstance(metadata.get("timestamp"), int):
        return [metadata["timestamp"]]
    inner = metadata.values() if isinstance(metadata, dict) else metadata if isinstance(metadata, list) else ()
    return [stamp for each in inner for stamp in stamps(each)]


def patch(old: Json, new: Json) -> Json:
    """What to write so that the old state becomes the new one: what is left out of it gets a null, which deletes."""
    found: Json = {key: None for key in old if key not in new}
    for key, value in new.items():
        before = old.get(key, _ABSENT)
        if isinstance(before, dict) and isinstance(value, dict):
            inner = patch(before, value)
            found |= {key: inner} if inner else {}
        elif value != before or type(value) is not type(before):
            found[key] = value
    return found
