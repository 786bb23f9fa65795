"""A row in words, as every list shows it: what is not known is "-"."""

from __future__ import annotations

import json
import time
from typing import Any

from .rows import Row
from .updates import Update

HEADS = ("THING", "ONLINE", "VERSION", "LAST REPORT", "DIFFERENCE", "UPDATE", "HEAP", "RSSI")
UNKNOWN = "-"
_DIFFERENCE_CHARS = 30


def cells(row: Row) -> tuple[str, ...]:
    """One for each of HEADS."""
    return (
        row.thing, online(row), value(row.version), age(row.reported_at), difference(row), update(row.update),
        UNKNOWN if row.heap_free is None else f"{row.heap_free // 1024} KB",
        UNKNOWN if row.rssi is None else f"{row.rssi} dBm",
    )  # fmt: skip


def online(row: Row) -> str:
    """ "yes, 5 h", "no, 3 days", as far as that is known."""
    if row.online is None:
        return UNKNOWN
    word = "yes" if row.online else "no"
    return word if row.since is None else f"{word}, {age(row.since).removesuffix(' ago')}"


def difference(row: Row) -> str:
    """What is desired and not reported so, as short JSON."""
    if row.difference is None:
        return UNKNOWN
    text = json.dumps(row.difference, ensure_ascii=False) if row.difference else "none"
    return text if len(text) <= _DIFFERENCE_CHARS else f"{text[: _DIFFERENCE_CHARS - 3]}..."


def update(running: Update | None) -> str:
    """ "42 %", or the state of one whose progress nobody told."""
    if running is None:
        return UNKNOWN
    return running.state.lower().replace("_", " ") if running.progress is None else f"{running.progress} %"


def value(known: Any) -> str:
    """What is known, as text."""
    return UNKNOWN if known is None else str(known)


def age(seconds: float | None, now: float | None = None) -> str:
    """How long ago: "40 s ago", "12 min ago", "5 h ago", "3 days ago"."""
    if seconds is None:
        return UNKNOWN
    past = max(0, (time.time() if now is None else now) - seconds)
    for size, unit in ((86400, "days"), (3600, "h"), (60, "min")):
        if past >= 2 * size:
            return f"{past / size:.0f} {unit} ago"
    return f"{past:.0f} s ago"
