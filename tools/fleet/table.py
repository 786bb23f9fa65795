"""The rows of a fleet in memory: taken in by pages, kept up to date by events, seen by search, filter and order."""

from __future__ import annotations

import fnmatch
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from .events import Event, Presence, applied
from .rows import Row
from .updates import Update

_VISITS = 50  # events of presence kept for each thing


@dataclass(frozen=True)
class View:
    """What a person wants to see: names with a text in them (or * and ?), only some, in which order."""

    search: str = ""
    online: bool | None = None
    group: str | None = None
    differing: bool = False
    sort: str = "thing"
    descending: bool = False


class Table:
    """Rows by name. One thread alone may call it."""

    def __init__(self) -> None:
        self.rows: dict[str, Row] = {}
        self._visits: dict[str, deque[Presence]] = {}
        self._seen: set[str] = set()

    def take(self, page: Iterable[Row]) -> None:
        """A page of rows as they were read."""
        for row in page:
            self.rows[row.thing] = row
            self._seen.add(row.thing)

    def begin(self) -> None:
        """All pages are going to be read."""
        self._seen = set()

    def end(self) -> None:
        """All pages were read: what was in none of them is gone."""
        self.rows = {name: row for name, row in self.rows.items() if name in self._seen}

    def hear(self, event: Event) -> None:
        """Bring the row of a thing up to date; one that is not in the list yet stays out until it is read."""
        if isinstance(event, Presence):
            self._visits.setdefault(event.thing, deque(maxlen=_VISITS)).append(event)
        row = self.rows.get(event.thing)
        if row:
            self.rows[event.thing] = applied(row, event)

    def updating(self, running: Mapping[str, Update]) -> None:
        """The updates that are running now."""
        for name, row in self.rows.items():
            if row.update != running.get(name):
                self.rows[name] = replace(row, update=running.get(name))

    def visits(self, thing: str) -> list[Presence]:
        """What was told of a thing's coming and going, the newest first."""
        return list(reversed(self._visits.get(thing, ())))

    def look(self, view: View) -> list[Row]:
        """The rows that a view shows, in its order; what has no value there comes last either way."""
        found = sorted((row for row in self.rows.values() if _shown(row, view)), key=lambda row: row.thing)
        keyed = [(_key(row, view.sort), row) for row in found]
        valued = sorted((each for each in keyed if each[0]), key=lambda each: each[0] or (), reverse=view.descending)
        return [row for _, row in valued] + [row for key, row in keyed if not key]

    def groups(self) -> list[str]:
        return sorted({group for row in self.rows.values() for group in row.groups or ()})


def _shown(row: Row, view: View) -> bool:
    if view.online is not None and row.online is not view.online:
        return False
    if view.group is not None and view.group not in (row.groups or ()):
        return False
    return not (view.differing and not row.difference) and _matches(row, view.search.strip().lower())


def _matches(row: Row, search: str) -> bool:
    """By name, group, version or why it left, by parts of words; with * or ? by the whole name."""
    if not search:
        return True
    if "*" in search or "?" in search:
        return fnmatch.fnmatchcase(row.thing.lower(), search)
    texts = (row.thing, *(row.groups or ()), row.version or "", row.left or "")
    return any(search in str(text).lower() for text in texts)


def _key(row: Row, field: str) -> tuple[bool, float, str] | None:
    """Something that values of a column can be put in order by, numbers before texts."""
    value = getattr(row, field)
    if isinstance(value, Update):
        return True, float(value.progress or 0), value.state
    if value is None or value == "" or value == [] or value == {}:
        return None
    if isinstance(value, (bool, int, float)):
        return False, float(value), ""
    return True, 0.0, str(value)
