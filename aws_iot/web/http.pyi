"""Thing.http: AWS IoT by HTTPS, a call at a time, for a program that wakes, reports and sleeps, or beside MQTT.

https://docs.aws.amazon.com/iot/latest/developerguide/http.html
https://docs.aws.amazon.com/iot/latest/developerguide/device-shadow-rest-api.html
"""

from collections.abc import Iterator

from ..mqtt import MQTTClient
from ..shadow import Shadow

class Http:
    """The calls of a Thing. Each raises Rejected with AWS's code and message, LinkError, ResponseTimeout after
    ``timeout_ms`` (default the client's), ProtocolError when it is not AWS that answers, and StateError where there is
    no memory for TLS beside MQTT's. Meanwhile poll() goes on. The connection is kept for the next call.

    ``name``: of a named shadow; None: the classic one. ``port``: 443 with keys, 8443 with a certificate, unless given.
    """

    port: int | None

    def __init__(self, client: MQTTClient, thingname: str, shadow: Shadow, port: int | None = None) -> None: ...
    def get(self, name: str | None = None, *, timeout_ms: int | None = None) -> dict:
        """The shadow document: {"state": {"desired", "reported", "delta"}, "metadata", "version", "timestamp"}.

        Rejected 404: there is none yet.
        """

    def update(
        self,
        reported: dict | None = None,
        desired: dict | None = None,
        *,
        version: int | None = None,
        name: str | None = None,
        timeout_ms: int | None = None,
    ) -> dict:
        """Update the shadow; the accepted document. With ``version`` only if it is current (else Rejected 409).
        ValueError as Thing.report.
        """

    def delete(self, name: str | None = None, *, timeout_ms: int | None = None) -> dict:
        """Delete the shadow; the answer has the version that was deleted."""

    def named_shadows(self, *, timeout_ms: int | None = None) -> list[str]:
        """The names of the thing's named shadows."""

    def publish(
        self,
        topic: str,
        payload: bytes | str | dict | list = b"",
        *,
        qos: int = 0,
        retain: bool = False,
        timeout_ms: int | None = None,
    ) -> None:
        """Publish bytes, str, or a dict or list as JSON. ValueError for what AWS would refuse."""

    def get_retained(self, topic: str, *, timeout_ms: int | None = None) -> bytes:
        """The payload of the retained message of ``topic``. Rejected 404: there is none."""

    def list_retained(self, *, timeout_ms: int | None = None) -> list[dict]:
        """The topics that have a retained message: a list of {"topic", "payloadSize", "qos", "lastModifiedTime"}."""

    def request(
        self, method: str, path: str, query: str = "", body: bytes = b"", timeout_ms: int | None = None
    ) -> dict:
        """Any call: ``path`` and ``query`` encoded and in order; the answer, a JSON object."""

    def asking(
        self, method: str, path: str, query: str = "", body: bytes = b"", timeout_ms: int | None = None
    ) -> Iterator[bool]:
        """The same as a generator that yields while it waits, for a program with a loop of its own."""

    def close(self) -> None:
        """Give the connection back; the next call makes another."""
