"""A shadow's history: each version as it comes, written down; and of a value in it, its points.

A line is a JSON object: {"time", "thing", "shadow", "version", "state"}, state None when the shadow was deleted; or,
where versions were missed, {"time", "thing", "shadow", "gap": [the first of them, the last]}.
"""

from __future__ import annotations

import datetime
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import ToolError
from ..shapes import Json, Say
from ..things import shadows

if TYPE_CHECKING:
    from ..cloud.aws import Aws

Points = list[tuple[datetime.datetime, float | None]]  # None: a gap
_TAIL_BYTES = 1 << 20  # of a file, in which its last version is looked for


def follow(
    aws: Aws, thing: str, shadow: str | None, last: int | None, interval_s: float | None, say: Say
) -> Iterator[Json]:
    """The lines of a shadow as it is, then as it changes, for ever; ``last``: the version that was written before."""
    for document in shadows.follow(aws, thing, shadow, interval_s, say):
        head = {"time": now(), "thing": thing, "shadow": shadow}
        version = document["version"] if document else None
        if version is not None and last is not None and version == last:
            continue  # it was written down by the run before
        if version is not None and last is not None and version > last + 1:
            yield {**head, "gap": [last + 1, version - 1]}
        yield {**head, "version": version, "state": document["state"] if document else None}
        last = version


def last_version(path: Path, thing: str, shadow: str | None) -> int | None:
    """The version on the last line of a file, None where there is none; ToolError when it is another shadow's."""
    if not path.exists():
        return None
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - _TAIL_BYTES))
        lines = file.read().split(b"\n")
    for text in reversed(lines):
        try:
            line = json.loads(text)
        except ValueError:
            continue
        if not isinstance(line, dict) or (line.get("thing"), line.get("shadow")) != (thing, shadow):
            raise ToolError(f"{path} is no record of this shadow of {thing}: take another file")
        if "gap" not in line:
            version: int | None = line.get("version")
            return version
    return None


def append(path: Path, lines: Iterator[Json]) -> Iterator[Json]:
    """Write each line to the end of a file, and to the disk, before it is given."""
    with path.open("ab+") as file:
        if file.tell():
            file.seek(-1, os.SEEK_END)
            if file.read(1) != b"\n":  # what a kill or a power cut has left of a line
                file.write(b"\n")
        for line in lines:
            file.write(json.dumps(line).encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())
            yield line


def read(path: Path) -> list[Json]:
    """The lines of a file; what was cut off is left out."""
    return parse(path.read_text(encoding="utf-8"), str(path))


def parse(content: str, name: str) -> list[Json]:
    """The lines in the content of a file of that name."""
    found = []
    for text in content.splitlines():
        try:
            line = json.loads(text)
        except ValueError:
            continue
        if isinstance(line, dict) and "time" in line:
            found.append(line)
    if not found:
        raise ToolError(f"{name} has no line that `thing record` has written")
    return found


def values(lines: list[Json]) -> list[str]:
    """The numbers that can be drawn: their dotted paths in the state, as reported.temperature."""
    found: dict[str, None] = {}
    for line in lines:
        found.update(dict.fromkeys(_numbers(line.get("state"), "")))
    return list(found)


def _numbers(state: object, path: str) -> Iterator[str]:
    if isinstance(state, dict):
        for key, value in state.items():
            yield from _numbers(value, f"{path}.{key}" if path else key)
    elif isinstance(state, (int, float)):
        yield path


def points(lines: list[Json], path: str) -> Points:
    """When the value at a dotted path was what; None where versions were missed, or there was no such number."""
    found: Points = []
    for line in lines:
        when = datetime.datetime.fromisoformat(line["time"])
        value = None if "gap" in line else _at(line.get("state"), path)
        if value is not None or (found and found[-1][1] is not None):
            found.append((when, value))
    if not any(value is not None for _, value in found):
        known = values(lines)
        raise ToolError(f"no number at {path!r} there{': there is ' + ', '.join(known[:20]) if known else ''}")
    return found


def _at(state: Any, path: str) -> float | None:
    """Members may have dots in their names: the longest name that fits is taken."""
    if not path:
        return float(state) if isinstance(state, (int, float)) else None
    if not isinstance(state, dict):
        return None
    for name in sorted((name for name in state if path == name or path.startswith(f"{name}.")), key=len, reverse=True):
        value = _at(state[name], path[len(name) + 1 :])
        if value is not None:
            return value
    return None


def now() -> str:
    """The time as it stands in a line."""
    return datetime.datetime.now().astimezone().isoformat(timespec="milliseconds")
