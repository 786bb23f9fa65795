"""A fleet in figures."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .rows import Row


@dataclass
class Summary:
    """How many things there are of each kind; one of which something is not known is in no count of that."""

    things: int = 0
    online: int = 0
    offline: int = 0
    differing: int = 0  # whose desired state is not reported so
    versions: Counter[str] = field(default_factory=Counter)
    updates: Counter[str] = field(default_factory=Counter)  # by the state of the execution
    left: Counter[str] = field(default_factory=Counter)  # why those that are offline left


def summary(pages: Iterable[list[Row]]) -> Summary:
    """Of all rows of the pages."""
    found = Summary()
    for row in (row for page in pages for row in page):
        found.things += 1
        found.online += row.online is True
        found.offline += row.online is False
        found.differing += bool(row.difference)
        found.versions.update([row.version] if row.version else ())
        found.updates.update([row.update.state] if row.update else ())
        found.left.update([row.left] if row.left and row.online is False else ())
    return found
