"""What a person wants to see of all things: connected or not, what they last reported, and whether the key is here."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from ..cloud import aws as aws_errors
from ..cloud.aws import WORKERS
from ..shapes import Json
from . import shadows, single
from .project import CONFIG, Project

if TYPE_CHECKING:
    from ..cloud.aws import Aws

ASKED = 100  # shadows that are asked for one by one, where there is no fleet index
_NO_INDEX = ("ResourceNotFoundException", "IndexNotReadyException")


def rows(aws: Aws, folder: Path) -> list[Json]:
    """All things, and those that only this computer knows: [{"name", "type", "attributes", "connected", "since",
    "version", "reported", "here", "there"}].

    connected and since (epoch seconds) are from the fleet index, None where that is off. version is what the thing
    reports under this name. reported is when its last report came. here: the folder, of this one and those in it, of
    the project that has the thing's key, or None; there: False for what AWS does not have.
    """
    things = single.listing(aws)
    indexed = _index(aws)
    dateless = [each["name"] for each in things[:ASKED] if "metadata" not in _shadow(indexed.get(each["name"]))]
    for name, shadow in _asked(aws, dateless).items():
        indexed[name] = {**indexed.get(name, {}), "shadow": shadow}
    kept = _kept(aws, folder)
    found = [{**thing, **_seen(indexed.get(thing["name"])), "here": kept.pop(thing["name"], None)} for thing in things]
    only_here = [{"name": name, "type": None, "attributes": {}, **_seen(None), "here": kept[name]} for name in kept]
    return [{**row, "there": True} for row in found] + [{**row, "there": False} for row in only_here]


def _index(aws: Aws) -> dict[str, Json]:
    """What the fleet index has of each thing: nothing where it is off, or where these credentials may not ask it.

    https://docs.aws.amazon.com/iot/latest/developerguide/managing-fleet-index.html
    """
    try:
        pages = aws_errors.pages(aws.iot.search_index, "things", queryString="thingName:*", maxResults=100)
        return {row["thingName"]: {**row, "shadow": json.loads(row.get("shadow") or "{}")} for row in pages}
    except ClientError as error:
        if aws_errors.code(error) in _NO_INDEX or aws_errors.denied(error):
            return {}
        raise


def _asked(aws: Aws, names: list[str]) -> dict[str, Json]:
    def one(name: str) -> Json | None:
        return shadows.get(aws, name)

    with ThreadPoolExecutor(WORKERS) as pool:
        return {name: found or {} for name, found in zip(names, pool.map(one, names), strict=True)}


def _shadow(entry: Json | None) -> Json:
    """The shadow of an index's entry, or as it was asked for."""
    shadow: Json = (entry or {}).get("shadow", {})
    return shadow


def _seen(entry: Json | None) -> Json:
    shadow = _shadow(entry)
    reported = shadow.get("state", shadow).get("reported") or {}
    link = (entry or {}).get("connectivity") or {}
    version = reported.get("version") if isinstance(reported, dict) else None
    stamps = list(_stamps(shadow.get("metadata", {}).get("reported")))
    return {
        "connected": link.get("connected"),
        "since": link["timestamp"] / 1000 if link.get("timestamp") else None,
        "version": version if isinstance(version, (str, int, float)) else None,
        "reported": max(stamps) if stamps else None,
    }


def _stamps(metadata: object) -> Iterable[int]:
    """All times in a shadow's metadata, which are as deep as the state."""
    if isinstance(metadata, dict) and isinstance(metadata.get("timestamp"), int):
        yield metadata["timestamp"]
    elif isinstance(metadata, (dict, list)):
        for each in metadata.values() if isinstance(metadata, dict) else metadata:
            yield from _stamps(each)


def _kept(aws: Aws, folder: Path) -> dict[str, str]:
    """The things of the projects in a folder, and of the folder itself, that were made in this account and region."""
    found = {}
    for path in (folder, *sorted(each for each in folder.iterdir() if each.is_dir())):
        project = Project(path)
        for name in project.things() if (path / CONFIG).is_file() else ():
            arn = project.record(name).get("thing_arn") or project.record(name).get("cert_arn") or ""
            if arn.startswith(f"{aws.arn_prefix}:"):
                found[name] = str(path)
    return found


def age(seconds: float | None, now: float | None = None) -> str:
    """How long ago: "40 s", "12 min", "5 h", "3 days"."""
    if seconds is None:
        return "-"
    past = max(0, (time.time() if now is None else now) - seconds)
    for size, unit in ((86400, "days"), (3600, "h"), (60, "min")):
        if past >= 2 * size:
            return f"{past / size:.0f} {unit} ago"
    return f"{past:.0f} s ago"
