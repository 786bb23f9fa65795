from collections.abc import Callable, Sequence
from typing import Any

from ..jobs import Job, Jobs
from ..thing import Thing
from . import slots as slots
from .slots import Slot

class Fota:
    """Installs what the jobs of ``thing`` ask for into ``slot``, from thing.poll() or whatever drives it.

    ``jobs``: its Jobs, thing.jobs unless given. ``public_key`` (PEM or DER, ECDSA P-256 or RSA, or a list of them):
    only images that the owner of one signed are installed. ``force``: older versions too. ``trial_s``: a new version
    that does not confirm() in this time is undone. ``auto_reset``: start the new version at once, else at the next
    reset. ``pause_mqtt``: close the MQTT connection during an HTTPS download; None: when memory is short.
    ``buffer_bytes``: for what comes between two writes to the flash. ``https``, ``stream``: options of HttpsSource and
    StreamSource.
    ``on_event(event, value)``: start (version), erase ("pending", "done"), progress (percent), done (version),
    confirmed (version), error (reason). Raises ValueError for what is no such key, and for a version of the slot that
    has no place in the order of versions.py.
    """

    thing: Thing
    slot: Slot
    auto_reset: bool
    on_event: Callable[[str, Any], Any] | None

    def __init__(
        self,
        thing: Thing,
        slot: Slot,
        jobs: Jobs | bool | None = None,
        *,
        public_key: str | bytes | Sequence[str | bytes] | None = None,
        force: bool = False,
        trial_s: int = 600,
        auto_reset: bool = True,
        pause_mqtt: bool | None = None,
        buffer_bytes: int = 4096,
        https: dict | None = None,
        stream: dict | None = None,
        on_event: Callable[[str, Any], Any] | None = None,
    ) -> None: ...
    def confirm(self) -> None:
        """The new version is healthy and stays: its job has SUCCEEDED. To be called once all that matters works."""

    def undo(self, why: str) -> None:
        """End the trial, tell ``why``, and start again, with the old version."""

def handle_fota_jobs(
    jobs: Jobs,
    force: bool = False,
    disconnect_mqtt: bool | None = None,
    auto_reset: bool = True,
    job_cbk: Callable[[Job], Any] | None = None,
    slot: Slot | None = None,
    **options: Any,
) -> bool:
    """Deal with the pending jobs, and come back: Zerynth's call. True if one of them was a firmware job.

    Its being called tells that the running version is healthy: a version on trial is confirmed. AWS is asked when
    something has changed since, or may have, or with ``force``. ``job_cbk(job)`` gets the jobs that are not about
    firmware, to update them itself. ``slot`` (default: what fits the board) and ``options`` are Fota's. Raises what
    Jobs.list() and Job.update() raise.
    """

def reset() -> None:
    """Restart the board; on a PC, which has no machine.reset, end the process: its service manager starts it again."""
