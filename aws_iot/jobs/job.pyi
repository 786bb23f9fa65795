"""One job execution of a thing.

https://docs.aws.amazon.com/iot/latest/developerguide/jobs-mqtt-api.html
"""

from collections.abc import Iterator
from typing import Any, ClassVar

from ..errors import IotError
from ..thing import Thing

OVER: tuple[str, ...]

class JobError(Exception):
    """Raised by a handler: the job has FAILED, and this text alone is the reason."""

class Job:
    """One job execution of ``thing``; describe(), update() and progress() are in execution.py.

    ``id``: AWS's job id. ``status``, ``version``, ``document``, ``details`` and ``number`` (of the execution) are as of
    the last answer; ``error`` is why AWS refused the last request, or why the document cannot be read, or None.
    """

    QUEUED: ClassVar[str]
    IN_PROGRESS: ClassVar[str]
    SUCCEEDED: ClassVar[str]
    FAILED: ClassVar[str]
    REJECTED: ClassVar[str]
    thing: Thing
    id: str
    status: str | None
    version: int
    number: int | None
    document: Any
    details: dict
    error: IotError | None

    def __init__(self, thing: Thing, jobid: str, timeout_ms: int | None = None) -> None: ...
    @property
    def jobid(self) -> str:
        """Zerynth's name for it."""

    @property
    def canceled(self) -> bool:
        """True once AWS has ended the execution: cancelled, timed out, or deleted."""

    def describe(self, document: bool = True) -> bool:
        """Fetch status, version and ``document`` (with fresh presigned URLs); False when there is no such execution.

        A document that cannot be read here, since it is too large or nested too deep, is None, and ``error`` tells why.
        Raises ResponseTimeout and LinkError when AWS does not answer.
        """

    def update(self, status: str, status_details: dict | None = None, step_timeout_min: int | None = None) -> bool:
        """Report ``status`` and ``status_details`` (replacing the earlier ones); False when AWS refuses, see ``error``.

        A refusal because the execution has changed meanwhile brings the new status and version. Raises ResponseTimeout
        and LinkError when AWS does not answer: the report may have arrived or not; ValueError for details that AWS does not
        take, see details.strings().
        """

    def progress(self, details: dict) -> bool:
        """Report ``details`` while the job runs; False when it is no longer this device's to run."""

    def steps(self, name: str, *args: Any) -> Iterator[Any]:
        """describe, update or progress as a generator that yields while it waits for AWS's answer."""
