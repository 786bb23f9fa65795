"""What is known of each thing, in rows that come page by page: from the fleet index where it is on, which one call asks
for a hundred things; else from the registry, with the shadows of each thing fetched by many at once.

https://docs.aws.amazon.com/iot/latest/developerguide/managing-fleet-index.html
"""

from __future__ import annotations

import collections
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

from ..cloud.aws import READERS
from ..errors import ToolError
from ..shapes import Json, Say
from ..things import names as rules
from ..things import shadows, single
from . import connectivity, sources, updates
from .documents import stamps
from .updates import Update

if TYPE_CHECKING:
    from ..cloud.aws import Aws

HEALTH = "health"  # the named shadow in which a board tells of itself: aws_iot/care/health.py
ASKED = 100  # things whose shadows are asked for one by one, where the index is on and has not all of them
_FEW = 20  # things by name, each of which is asked for by itself

Updates = Future[dict[str, Update]]


@dataclass(frozen=True)
class Row:
    """One thing. None is what is not known, or what this thing does not tell."""

    thing: str
    type: str | None = None
    attributes: Json | None = None
    groups: list[str] | None = None
    online: bool | None = None
    since: float | None = None  # epoch seconds: since when it is online, or is not
    left: str | None = None  # why it is not online, or was not before, in the library's words
    version: str | None = None  # of its firmware
    reported_at: int | None = None  # epoch seconds of its last report
    difference: Json | None = None  # what is desired and not reported so; {} when there is none
    update: Update | None = None  # that is running, or waits for the board
    heap_free: int | None = None  # bytes
    rssi: int | None = None  # dBm
    health: Json | None = None  # all that its shadow of this name reports

    def document(self) -> Json:
        """As JSON has it."""
        return asdict(self)


def rows(
    aws: Aws,
    *,
    names: Iterable[str] | None = None,
    search: str | None = None,
    group: str | None = None,
    ask: int | None = None,
    say: Say = lambda text: None,
) -> Iterator[list[Row]]:
    """Rows of all things, page by page, as they arrive. Or of those that are called one of ``names``, those whose names
    begin with ``search`` (or match it, where it has * or ?), those in a thing ``group``.

    ``ask``: of how many things the shadows may be asked for one by one; unless given: of all without a fleet index,
    else of ASKED. ``say`` gets a sentence for what cannot be found out. ToolError for a name that no thing has.
    """
    wanted = None if names is None else list(dict.fromkeys(map(rules.check_thing, names)))
    pool = ThreadPoolExecutor(READERS)
    try:
        running = pool.submit(updates.running, aws)
        if wanted is not None and len(wanted) <= _FEW:
            indexed = sources.shadows_indexed(aws)
            found = [row.result() for row in [pool.submit(_one, aws, name, indexed, running) for name in wanted]]
            if any(row.online is None for row in found):
                say("who is online is not known here: fleet indexing is off, and AWS does not answer GetConnection")
            yield found
            return
        yield from _many(aws, pool, running, set(wanted or ()), search, group, ask, say)
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def listed(aws: Aws) -> Iterator[list[Row]]:
    """Rows of all things with what the registry's list has of them, page by page: soon there, and cheap."""
    for page in sources.listed(aws, None):
        yield [Row(entry["thingName"], entry.get("thingTypeName"), entry.get("attributes")) for entry in page]


def _many(
    aws: Aws, pool: ThreadPoolExecutor, running: Updates, wanted: set[str], search: str | None, group: str | None,
    ask: int | None, say: Say,
) -> Iterator[list[Row]]:  # fmt: skip
    pages = sources.indexed(aws, search, group)
    indexed = sources.shadows_indexed(aws) if pages else set()
    left = ask if ask is not None or pages is None else ASKED
    if pages is None:
        say(
            "ONLINE is not in this list, and nothing else is missing: AWS tells it by fleet indexing, which is off; "
            "`thing status NAME` asks for one thing"
        )
        pages = sources.listed(aws, group)
    missing, short = set(wanted), False
    waiting: collections.deque[list[Future[Row]]] = collections.deque()
    for page in pages:
        futures = []
        for entry in page:
            name = entry["thingName"]
            if not sources.matches(name, search) or wanted and name not in wanted:
                continue
            missing.discard(name)
            lacks = _lacking(entry, indexed)
            if lacks and left is not None:
                lacks, left, short = (lacks, left - 1, short) if left else ([], 0, True)
            futures.append(pool.submit(_row, aws, entry, lacks, indexed, running))
        if futures:
            waiting.append(futures)
        if len(waiting) > 1:  # a page is asked for while the shadows of the one before are
            yield [future.result() for future in waiting.popleft()]
    for futures in waiting:
        yield [future.result() for future in futures]
    if missing:
        raise ToolError(f"there is no thing {', '.join(sorted(missing)[:10])} in {aws.region}")
    if short:
        say(
            "what the fleet index does not have was asked for of the first things only: with the shadows in it, that "
            f"named {HEALTH} as well, one call tells all of a hundred things"
        )


def _one(aws: Aws, name: str, indexed: set[str | None], running: Updates) -> Row:
    """The row of one thing, for which all is asked that AWS can be asked."""
    entry = sources.indexed_one(aws, name)
    if entry is None:
        thing = single.known(aws, name)
        entry = {key: thing.get(key) for key in ("thingName", "thingTypeName", "attributes")}
        groups = aws.iot.list_thing_groups_for_thing(thingName=name)["thingGroups"]
        entry["thingGroupNames"] = [group["groupName"] for group in groups]
    if not entry.get("connectivity"):
        entry["connectivity"] = connectivity.asked(aws, name)
    return _row(aws, entry, _lacking(entry, indexed), indexed, running)


def _lacking(entry: Json, indexed: set[str | None]) -> list[str | None]:
    """The shadows that an entry has not whole: they are not indexed, or, in the local AWS, without their times."""

    def whole(name: str | None) -> bool:
        shadow = _shadow(entry, name)
        return name in indexed and (not shadow or "metadata" in shadow)

    return [name for name in (None, HEALTH) if not whole(name)]


def _shadow(entry: Json, name: str | None) -> Json:
    """The shadow of an entry, as the index has it: its sections, those of named shadows one level below."""
    shadow: Json = entry.get("shadow") or {}
    return shadow.get("name", {}).get(name, {}) if name else shadow


def _row(aws: Aws, entry: Json, lacks: list[str | None], indexed: set[str | None], running: Updates) -> Row:
    name = entry["thingName"]
    known = {each: _shadow(entry, each) for each in (None, HEALTH)}
    for each in lacks:
        document = shadows.get(aws, name, each) or {}
        known[each] = {**document.get("state", {}), "metadata": document.get("metadata", {})}
    row = Row(name, entry.get("thingTypeName"), entry.get("attributes"), entry.get("thingGroupNames"))
    row = with_link(row, entry.get("connectivity") or {})
    row = replace(with_health(row, known[HEALTH]), update=running.result().get(name))
    return with_classic(row, known[None]) if None in indexed or None in lacks else row


def with_link(row: Row, link: Json) -> Row:
    """The row with what the index tells of its connection: {"connected", "timestamp" (ms), "disconnectReason"}."""
    online, timestamp = link.get("connected"), link.get("timestamp")
    left = connectivity.words(link.get("disconnectReason")) if online is False else _of(row.health or {}, "cause", str)
    return replace(row, online=online, since=timestamp / 1000 if timestamp else None, left=left)


def with_classic(row: Row, shadow: Json) -> Row:
    """The row with what its classic shadow tells: {"desired", "reported", "metadata"}."""
    reported = _reported(shadow)
    version = _version(row.health or {}) or _version(reported)
    missing = difference(shadow.get("desired") or {}, reported)
    return replace(row, version=version, difference=missing, reported_at=_newest(row, shadow))


def with_health(row: Row, shadow: Json) -> Row:
    """The row with what its shadow ``health`` tells."""
    told = _reported(shadow)
    return replace(
        row, health=told or None, left=row.left if row.online is False else _of(told, "cause", str),
        version=_version(told) or row.version, heap_free=_of(told, "heap_free", int), rssi=_of(told, "rssi", int),
        reported_at=_newest(row, shadow),
    )  # fmt: skip


def _reported(shadow: Json) -> Json:
    reported = shadow.get("reported")
    return reported if isinstance(reported, dict) else {}


def _of(reported: Json, name: str, kind: type) -> Any:
    """What a board reports under a name, if it is of the type that it has to be."""
    value = reported.get(name)
    return value if type(value) is kind else None


def _version(reported: Json) -> str | None:
    version = reported.get("version")
    return str(version) if isinstance(version, (str, int, float)) else None


def _newest(row: Row, shadow: Json) -> int | None:
    found = stamps(shadow.get("metadata", {}).get("reported"))
    return max([*found, *filter(None, [row.reported_at])], default=None)


def difference(desired: Json, reported: Json) -> Json:
    """What of the desired state is not reported so, as AWS's delta has it."""
    found = {}
    for name, value in desired.items():
        told = reported.get(name)
        if isinstance(value, dict) and isinstance(told, dict):
            if below := difference(value, told):
                found[name] = below
        elif name not in reported or told != value or isinstance(told, bool) != isinstance(value, bool):
            found[name] = value
    return found
