"""What all open pages share: the rows, the live connection, and what is being done to things."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import itertools
import threading
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from ..cloud.aws import stale
from ..cloud.feed import Message
from ..fleet import acts, events, updates
from ..fleet.acts import Plan
from ..fleet.follower import Follower
from ..fleet.rows import Row, listed
from ..fleet.table import Table
from ..main import sentence
from . import reading

if TYPE_CHECKING:
    from ..cloud.aws import Aws

_UPDATES_S = 10
_T = TypeVar("_T")
Listener = Callable[[events.Event | None], object]  # None: anything may have changed


class Run:
    """A plan that is being carried out: how each thing stands, with its reason."""

    def __init__(self, number: int, plan: Plan) -> None:
        self.number, self.plan = number, plan
        self.steps: dict[str, tuple[str, str]] = {}
        self.over = False
        self.error = ""

    def counts(self) -> Counter[str]:
        """How many things have each status."""
        return Counter(status for status, _ in self.steps.values())

    def under_way(self) -> list[tuple[str, int]]:
        """(thing, per cent) of those that tell how far they are."""
        begun = [(thing, reason) for thing, (status, reason) in sorted(self.steps.items()) if status == "IN_PROGRESS"]
        told = [(thing, reason.removesuffix(" %")) for thing, reason in begun]
        return [(thing, int(share)) for thing, share in told if share.isdecimal()]

    def words(self) -> str:
        """Where it stands, in a sentence."""
        done = f"{len(self.steps)} of {max(self.plan.total, len(self.steps))} things are told of"
        if self.error:
            return f"stopped: {self.error} ({done})"
        return f"it has ended: {len(self.failures())} failed" if self.over else f"under way: {done}"

    def failures(self) -> list[tuple[str, str, str]]:
        """(thing, status, reason) of those that did not take it."""
        good = ("QUEUED", "IN_PROGRESS", "SUCCEEDED", "WRITTEN")
        return [(thing, *step) for thing, step in sorted(self.steps.items()) if step[0] not in good]


class Hub:
    """Lives in the server's event loop; threads hand over to it what they have."""

    def __init__(self, aws: Aws, folder: Path) -> None:
        self.aws, self.folder = aws, folder
        self.place = f"{aws.region}{' of the local AWS' if aws.url.startswith('http:') else ''}"
        self.table = Table()
        self.reading = ""  # how the reading of the list stands, in words
        self.trouble = ""  # why nothing comes live, in words
        self.runs: dict[int, Run] = {}
        self._numbers = itertools.count(1)
        self._listeners: list[Listener] = []
        self._again = threading.Event()
        self._busy = threading.Lock()
        self._over = threading.Event()
        self._follower = Follower(aws, events.TOPICS, self._heard, self._said, sentence)

    def start(self) -> None:
        """To be called in the event loop."""
        self._loop = asyncio.get_running_loop()
        self._follower.__enter__()

        threading.Thread(target=self._look_at_updates, daemon=True).start()

    def stop(self) -> None:
        self._over.set()
        self._follower.__exit__()

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Call it with each event from now on; -> what ends that."""
        self._listeners.append(listener)

        def end() -> None:
            with contextlib.suppress(ValueError):
                self._listeners.remove(listener)

        return end

    async def ask(self, function: Callable[..., _T], *arguments: Any) -> _T:
        """function(aws, ...) from a thread; a second time with keys that were looked for anew, where AWS does not take
        those there were."""
        try:
            return await asyncio.to_thread(function, self.aws, *arguments)
        except Exception as error:
            if not stale(error):
                raise
        self.aws.renew()
        return await asyncio.to_thread(function, self.aws, *arguments)

    def read(self) -> None:
        """Read the list (anew), in a thread, page by page."""
        self._again.set()
        threading.Thread(target=self._read, daemon=True).start()

    def carry_out(self, plan: Plan) -> Run:
        run = Run(next(self._numbers), plan)
        self.runs[run.number] = run
        threading.Thread(target=self._carry_out, args=(run,), daemon=True).start()
        return run

    def watch(self, job: str) -> Run:
        """The run of a job, whoever started it."""
        known = (run for run in self.runs.values() if run.plan.job == job and not run.error)
        return next(known, None) or self.carry_out(acts.watching(self.aws, job))

    def _carry_out(self, run: Run) -> None:
        error = ""
        try:
            run.plan.begin()
            for thing, status, reason in run.plan.steps():
                self._hand_over(functools.partial(run.steps.__setitem__, thing, (status, reason)), None)
        except Exception as problem:
            error = sentence(problem)

        def end() -> None:
            run.over, run.error = True, error

        self._hand_over(end, None)

    def _read(self) -> None:
        with self._busy:  # one at a time; who waited here finds that his wish was fulfilled
            if not self._again.is_set():
                return
            self._again.clear()
            self._hand_over(self.table.begin, None)
            words = ""
            try:
                for page in listed(self.aws) if not self.table.rows else ():  # something to begin with
                    self._hand_over(functools.partial(self._took, page), None)
                for page in reading.pages(self.aws):
                    self._hand_over(functools.partial(self._took, page), None)
                self._hand_over(self.table.end, None)
            except Exception as error:
                self.aws.renew()
                words = sentence(error)
            self._hand_over(lambda: setattr(self, "reading", words), None)

    def _took(self, page: list[Row]) -> None:
        self.table.take(page)
        self.reading = f"reading the list: {len(self.table.rows)} so far"

    def _heard(self, message: Message | None) -> None:
        """Of the follower's thread."""
        if message is None:
            self.read()
            return
        event = events.read(message)
        if event:
            self._hand_over(lambda: self.table.hear(event), event)

    def _look_at_updates(self) -> None:
        """Of its own thread, while somebody looks: AWS tells nobody how far an update came."""
        while not self._over.wait(_UPDATES_S):
            if self._listeners:
                with contextlib.suppress(Exception):  # the list, read the same way, says what is wrong
                    self._hand_over(functools.partial(self.table.updating, updates.running(self.aws)), None)

    def _said(self, words: str) -> None:
        self._hand_over(lambda: setattr(self, "trouble", words), None)

    def _hand_over(self, change: Callable[[], object], event: events.Event | None) -> None:
        def do() -> None:
            change()
            for listener in list(self._listeners):
                listener(event)

        with contextlib.suppress(RuntimeError):  # the loop has ended
            self._loop.call_soon_threadsafe(do)
