"""Rows that change as AWS tells of it: by MQTT, which misses no change, or asked for now and then.

https://docs.aws.amazon.com/iot/latest/developerguide/reserved-topics.html
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ..cloud.aws import patiently
from ..cloud.feed import Feed, Unavailable
from ..shapes import Say
from . import events, updates
from .rows import HEALTH, Row

if TYPE_CHECKING:
    from ..cloud.aws import Aws

TOPICS = (
    "$aws/things/+/shadow/update/documents",
    f"$aws/things/+/shadow/name/{HEALTH}/update/documents",
    "$aws/events/presence/connected/+",
    "$aws/events/presence/disconnected/+",
)
_ASK_S = 10  # of jobs AWS tells nobody how far they came


def follow(
    aws: Aws, look: Callable[[], Iterator[list[Row]]], say: Say, interval_s: float | None = None
) -> Iterator[list[Row]]:
    """Pages of rows as ``look`` gives them, which is rows() of what is wanted; then for ever those that have changed.

    With an interval, or where there is no MQTT from here, all is asked for anew so often.
    """
    if interval_s is None:
        try:
            with Feed(aws, *TOPICS) as feed:
                yield from _pushed(aws, feed, look, say)
        except Unavailable as error:
            interval_s = _ASK_S
            say(f"{error}: all is asked for anew every {interval_s} s, which AWS bills")
    known: dict[str, Row] = {}
    while True:
        yield from _changed(known, patiently(lambda: list(look()), say))
        time.sleep(interval_s or _ASK_S)


def _pushed(aws: Aws, feed: Feed, look: Callable[[], Iterator[list[Row]]], say: Say) -> Iterator[list[Row]]:
    known: dict[str, Row] = {}
    yield from _changed(known, look())  # after the feed has begun: no change is between the two
    due = time.monotonic() + _ASK_S
    while True:
        try:
            message = feed.next(max(0, due - time.monotonic()))
        except TimeoutError:
            running = patiently(lambda: updates.running(aws), say)
            due = time.monotonic() + _ASK_S
            yield from _changed(known, [[replace(row, update=running.get(row.thing)) for row in known.values()]])
            continue
        if message is None:  # a new connection: some may have been missed
            yield from _changed(known, patiently(lambda: list(look()), say))
        else:
            event = events.read(message)
            if event and event.thing in known:
                yield from _changed(known, [[events.applied(known[event.thing], event)]])


def _changed(known: dict[str, Row], pages: Any) -> Iterator[list[Row]]:
    """Of the pages the rows that are not known so; from then on they are."""
    for page in pages:
        new = [row for row in page if known.get(row.thing) != row]
        known.update((row.thing, row) for row in new)
        if new:
            yield new
