from collections.abc import Callable
from typing import Any

from ..thing import Thing
from .job import Job as Job
from .job import JobError as JobError

_Pending = list[Job]

class Jobs:
    """The jobs of ``thing``. Handlers run from thing.poll(), or whatever drives it, one job at a time.

    ``timeout_ms``: for each answer of AWS (default: the client's). ``job``: the one that runs, or None. What is called
    now and then is in handlers.py.
    """

    thing: Thing
    job: Job | None
    timeout_ms: int | None

    def __init__(self, thing: Thing, timeout_ms: int | None = None) -> None: ...
    def handle(
        self,
        name: str,
        function: Callable[[Job], Any],
        resume: Callable[[Job], Any] | None = None,
        step_timeout_min: int | None = None,
    ) -> None:
        """Run ``function(job)`` for jobs whose operation is ``name``.

        What it returns (None or a dict of details) makes the job SUCCEEDED, what it raises FAILED with the reason. Long
        work is a generator: it is advanced from poll to poll; a dict that it yields is reported as progress, True asks for
        the next step at once. ``resume(job)`` gets a job that was in progress at a power failure; without it such a job has
        FAILED. ``step_timeout_min``: AWS gives up a job that reports nothing for so long.
        """

    def watch(self, hook: Callable[[], Any]) -> None:
        """``hook()`` with each poll() of the client, connected or not."""

    def changed(self) -> bool:
        """True once at first, after each change of the pending jobs, and after each connect (some may be missed)."""

    def list(self) -> tuple[_Pending, _Pending]:
        """The pending jobs: (in progress, queued), lists of Job. Raises ResponseTimeout, LinkError or Rejected."""

    def start_next(self, status_details: dict | None = None, step_timeout_min: int | None = None) -> Job | None:
        """Start the next pending job, or find the one in progress; None when there is none. Raises as ``list``."""
