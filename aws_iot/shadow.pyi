"""A device shadow: what the thing reports, what the cloud desires, and the difference.

What flows all the time is here; calls that wait are in shadow_calls.py, the rest in shadow_pending.py and
shadow_sync.py.
https://docs.aws.amazon.com/iot/latest/developerguide/device-shadow-comms-device.html
"""

from collections.abc import Callable, Iterable
from typing import Any

from .mqtt import MQTTClient

class Shadow:
    """Shadow(client, thing, name=None, wanted=None): the classic shadow of ``thing``, or its shadow ``name``;
    ``wanted`` are the response topics a delta handler listens to.

    ``version`` is the last one seen, ``reported`` what this device has reported since it started
    (None for a member that it deleted).
    """

    name: str | None
    version: int
    reported: dict

    def __init__(
        self,
        client: MQTTClient,
        thing: str,
        name: str | None = None,
        wanted: Iterable[str] | None = None,
        prefix: str | None = None,
        limit_bytes: int = 8192,
    ) -> None:
        """Shadow's constructor. ValueError for names that AWS would refuse, and for response topics that are none."""

    def report(self, state: dict) -> None:
        """Report ``state``, a dict; no answer is awaited. Sent at QoS 1, or merged into one report while that cannot
        be.

        With ``on_delta`` a refusal goes to ``on_error``, and what was throttled is sent again; without it nobody hears.
        Exact, since the shadow keeps the last value of a member. ValueError, which names the member, for what AWS would
        refuse (no JSON, over 8 levels or ``limit_bytes``): nothing of the report is sent then. What it refuses all the
        same ends alone. StateError when the queue is full and a merge would not be exact.
        """

    def on_delta(self, callback: Callable[[dict], dict | None]) -> None:
        """``callback(state)`` with the desired members that differ from the reported ones; a dict that it returns is
        reported.

        After every connect the shadow is fetched, so that nothing set meanwhile is missed. A difference that stays, since
        the handler reports another value, is told once on a connection, unless it is set anew (in another second).
        """

    def on_documents(self, callback: Callable[[dict], Any]) -> None:
        """``callback(document)`` with {"previous", "current", "timestamp"} after every accepted update."""

    def get(self, timeout_ms: int | None = None) -> dict:
        """The shadow document: {"state": {"desired", "reported", "delta"}, "metadata", "version", "timestamp"}.

        Raises Rejected (404: no shadow yet), ResponseTimeout after ``timeout_ms``.
        """

    def update(
        self,
        reported: dict | None = None,
        desired: dict | None = None,
        version: int | None = None,
        timeout_ms: int | None = None,
    ) -> dict:
        """Update and await the answer, the accepted document; null members are deleted. With ``version`` only if it is
        current.

        Raises Rejected (409: version conflict; get and try again), ResponseTimeout after ``timeout_ms``, ValueError and
        StateError as report.
        """

    def delete(self, timeout_ms: int | None = None) -> dict:
        """Delete the shadow, with all that was reported before; the answer has the version that was deleted. Raises
        Rejected (404: no shadow yet), ResponseTimeout.
        """
