"""The same work on many things at once, with a bounded number of threads and bounded memory."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sized
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from ..errors import Stopped
from ..shapes import Advance

_T = TypeVar("_T")


class Outcome:
    """What a run came to: how many pieces were done, and the errors of the rest as (item, exception)."""

    def __init__(self) -> None:
        self.done = 0
        self.failures: list[tuple[Any, Exception]] = []
        self.gone = 0  # of those done, what AWS did not have any more
        self.policies_kept: list[str] = []  # which others use

    def keep(self, policy: str, gone: bool) -> None:
        """A policy was to go, too."""
        if not gone:
            self.policies_kept.append(policy)

    def add(self, other: Outcome) -> None:
        self.done += other.done
        self.gone += other.gone
        self.failures += other.failures
        self.policies_kept += other.policies_kept


def run(
    items: Iterable[_T],
    work: Callable[[_T], object],
    workers: int,
    advance: Advance = lambda: None,
    stop_on_error: bool = False,
) -> Outcome:
    """Call work(item) for each item; items are taken from the iterable one by one as threads become free.

    stop_on_error: take no further item after the first error; pieces at work are finished. So does Ctrl-C,
    which then is Stopped.
    """
    outcome = Outcome()
    source = iter(items)
    lock = threading.Lock()
    stop = threading.Event()

    def take() -> _T | None:
        with lock:
            return next(source, None) if not stop.is_set() else None

    def loop() -> None:
        while (item := take()) is not None:
            try:
                work(item)
            except Exception as error:
                with lock:
                    outcome.failures.append((item, error))
                if stop_on_error:
                    stop.set()
            else:
                with lock:
                    outcome.done += 1
                    advance()

    try:
        with ThreadPoolExecutor(workers) as pool:
            futures = [pool.submit(loop) for _ in range(workers)]
            try:
                for future in futures:
                    future.result()
            finally:
                stop.set()
    except KeyboardInterrupt:
        total = f" of {len(items)}" if isinstance(items, Sized) else ""
        raise Stopped(
            f"stopped after {outcome.done}{total}; what was done is kept, and the same command goes on from there"
        ) from None
    return outcome


def together(first: Callable[[], object], second: Callable[[], object]) -> None:
    """Call both at the same time; returns when both have ended, and raises an error of either only then."""
    with ThreadPoolExecutor(1) as pool:
        other = pool.submit(second)
        first()
        other.result()
