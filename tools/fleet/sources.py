"""Where things come from, page by page, as the fleet index tells of them: {"thingName", "thingTypeName", "attributes",
"thingGroupNames", "shadow", "connectivity"}; of these the registry has the first three.

https://docs.aws.amazon.com/iot/latest/apireference/API_SearchIndex.html
"""

from __future__ import annotations

import fnmatch
import itertools
import json
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from ..cloud import aws as aws_errors
from ..shapes import Json

if TYPE_CHECKING:
    from ..cloud.aws import Aws

Page = list[Json]
_INDEXED = 100  # things in a page of the index, of the registry
_LISTED = 250
_NO_INDEX = ("ResourceNotFoundException", "IndexNotReadyException")


def indexed(aws: Aws, search: str | None, group: str | None) -> Iterator[Page] | None:
    """What the fleet index has, or None: it is off, or these credentials may not ask it."""
    query = f"thingName:{_beginning(search)}*" + (f" AND thingGroupNames:{group}" if group else "")
    pages = _index_pages(aws, query)
    try:
        first = next(pages, [])
    except ClientError as error:
        if aws_errors.code(error) in _NO_INDEX or aws_errors.denied(error):
            return None
        raise
    return itertools.chain([first], pages)


def shadows_indexed(aws: Aws) -> set[str | None]:
    """The shadows that the fleet index has, None being the classic one.

    https://docs.aws.amazon.com/iot/latest/apireference/API_ThingIndexingConfiguration.html
    """
    try:
        found = aws.iot.get_indexing_configuration().get("thingIndexingConfiguration", {})
    except ClientError as error:
        if aws_errors.denied(error):
            return set()
        raise
    classic = {None} if found.get("thingIndexingMode") == "REGISTRY_AND_SHADOW" else set()
    named = found.get("filter", {}).get("namedShadowNames", ()) if found.get("namedShadowIndexingMode") == "ON" else ()
    return {*classic, *named}


def indexed_one(aws: Aws, name: str) -> Json | None:
    """What the fleet index has of one thing."""
    pages = indexed(aws, name, None) if name == _beginning(name) else None
    found = itertools.chain.from_iterable(pages or ())
    return next((entry for entry in found if entry["thingName"] == name), None)


def listed(aws: Aws, group: str | None) -> Iterator[Page]:
    """What the registry has: of the things of a group, and of the groups in it, the names alone."""
    if group:
        options = {"thingGroupName": group, "recursive": True}
        for answer in aws_errors.answers(aws.iot.list_things_in_thing_group, maxResults=_LISTED, **options):
            yield from _pieces([{"thingName": name} for name in answer["things"]])
    else:
        for answer in aws_errors.answers(aws.iot.list_things, maxResults=_LISTED):
            yield from _pieces(answer["things"])


def _pieces(things: Page) -> Iterator[Page]:
    """Pages of the size that was asked for: the local AWS gives all things in one."""
    return (things[start : start + _LISTED] for start in range(0, len(things), _LISTED))


def matches(name: str, search: str | None) -> bool:
    """Whether a name begins with ``search``, or is as it says where that has * or ?."""
    pattern = search or ""
    return fnmatch.fnmatchcase(name, pattern if re.search(r"[*?]", pattern) else f"{pattern}*")


def _beginning(search: str | None) -> str:
    """That part of a search with which all names begin that it finds, as far as the index takes it as it is."""
    found = re.match(r"[\w-]*", search or "", re.ASCII)
    return found[0] if found else ""


def _index_pages(aws: Aws, query: str) -> Iterator[Page]:
    for answer in aws_errors.answers(aws.iot.search_index, queryString=query, maxResults=_INDEXED):
        yield [{**each, "shadow": json.loads(each.get("shadow") or "{}")} for each in answer["things"]]
