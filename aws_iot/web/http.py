"""Thing.http: AWS IoT by HTTPS, a call at a time, for a program that wakes, reports and sleeps, or beside MQTT.

https://docs.aws.amazon.com/iot/latest/developerguide/http.html
https://docs.aws.amazon.com/iot/latest/developerguide/device-shadow-rest-api.html
"""

from binascii import a2b_base64

import aws_iot

from .. import BytesIO, dump
from ..errors import StateError

const = int  # mpy-cross folds ``_X = const(n)`` by the name; CPython calls int

_PAGE = const(100)


class Http:
    """The calls of a Thing. Each raises Rejected with AWS's code and message, LinkError, ResponseTimeout after
    ``timeout_ms`` (default the client's), ProtocolError when it is not AWS that answers, and StateError where there is
    no memory for TLS beside MQTT's. Meanwhile poll() goes on. The connection is kept for the next call.

    ``name``: of a named shadow; None: the classic one. ``port``: 443 with keys, 8443 with a certificate, unless given.
    """

    def __init__(self, client, thingname, shadow, port=None):
        self.client = client
        self.thingname = thingname
        self.shadow = shadow  # the classic one, which has the limit of a report
        self.port = port
        self.calls = None
        self.working = False

    def get(self, name: str | None = None, *, timeout_ms: int | None = None) -> dict:
        """The shadow document: {"state": {"desired", "reported", "delta"}, "metadata", "version", "timestamp"}.

        Rejected 404: there is none yet.
        """
        return self._shadow("GET", name, b"", timeout_ms)

    def update(
        self, reported: dict | None = None, desired: dict | None = None, *, version: int | None = None,
        name: str | None = None, timeout_ms: int | None = None,
    ) -> dict:  # fmt: skip
        """Update the shadow; the accepted document. With ``version`` only if it is current (else Rejected 409).
        ValueError as Thing.report.
        """
        document = aws_iot.document.update(reported, desired, version, self.shadow.limit)
        return self._shadow("POST", name, _json(document), timeout_ms)

    def delete(self, name: str | None = None, *, timeout_ms: int | None = None) -> dict:
        """Delete the shadow; the answer has the version that was deleted."""
        return self._shadow("DELETE", name, b"", timeout_ms)

    def named_shadows(self, *, timeout_ms: int | None = None) -> list:
        """The names of the thing's named shadows."""
        path = "/api/things/shadow/ListNamedShadowsForThing/" + aws_iot.web.sigv4.quote(self.thingname)
        return self._pages(path, "results", "pageSize", timeout_ms)

    def publish(
        self, topic: str, payload=b"", *, qos: int = 0, retain: bool = False, timeout_ms: int | None = None
    ) -> None:
        """Publish bytes, str, or a dict or list as JSON. ValueError for what AWS would refuse."""
        if isinstance(payload, (dict, list)):
            aws_iot.document.verify(payload)
            payload = _json(payload)
        elif isinstance(payload, str):
            payload = payload.encode()
        elif not isinstance(payload, (bytes, bytearray, memoryview)):
            raise ValueError("payload: bytes, str, dict or list expected")
        aws_iot.topics.check_publish(self.client, topic, len(payload), qos)
        sigv4 = aws_iot.web.sigv4
        query = sigv4.encoded(qos=qos, retain="true" if retain else None)
        self.request("POST", "/topics/" + sigv4.quote(topic), query, payload, timeout_ms)

    def get_retained(self, topic: str, *, timeout_ms: int | None = None) -> bytes:
        """The payload of the retained message of ``topic``. Rejected 404: there is none."""
        aws_iot.topics.check_topic(topic)
        path = "/retainedMessage/" + aws_iot.web.sigv4.quote(topic)
        return a2b_base64(self.request("GET", path, timeout_ms=timeout_ms).get("payload") or "")

    def list_retained(self, *, timeout_ms: int | None = None) -> list:
        """The topics that have a retained message: a list of {"topic", "payloadSize", "qos", "lastModifiedTime"}."""
        return self._pages("/retainedMessage", "retainedTopics", "maxResults", timeout_ms)

    def request(
        self, method: str, path: str, query: str = "", body: bytes = b"", timeout_ms: int | None = None
    ) -> dict:
        """Any call: ``path`` and ``query`` encoded and in order; the answer, a JSON object."""
        client = self.client
        work = self.asking(method, path, query, body, timeout_ms)
        try:
            while True:
                next(work)
                if client.stats["connects"] and not client.off:  # what was never connected stays so
                    client.poll()
        except StopIteration as end:
            return end.value
        finally:
            work.close()

    def asking(self, method, path, query="", body=b"", timeout_ms=None):
        """The same as a generator that yields while it waits, for a program with a loop of its own."""
        if path[:1] != "/" or min((path + query).encode()) <= 32:
            raise ValueError("path and query: encoded, the path from its / on")
        if self.working:
            raise StateError("a call is at work already, and waits for this callback")
        if not self.calls:
            self.calls = aws_iot.web.calls.Calls(self.client, self.port)
        if self.client.stream and not self.calls.connection.stream and not aws_iot.web.https.room():
            raise StateError("no memory for TLS beside that of MQTT: disconnect() first")
        self.working = True
        try:
            status, data = yield from self.calls.call(method, path, query, body, timeout_ms)
        finally:
            self.working = False
        return aws_iot.web.refusal.document(self.calls, status, data)

    def close(self) -> None:
        """Give the connection back; the next call makes another."""
        if self.calls:
            self.calls.connection.close()

    def _shadow(self, method, name, body, timeout_ms):
        path, query = aws_iot.web.calls.shadow(self.thingname, name)
        return self.request(method, path, query, body, timeout_ms)

    def _pages(self, path, what, size, timeout_ms):
        found, token = [], None
        while True:
            query = aws_iot.web.sigv4.encoded(**{size: _PAGE, "nextToken": token})
            page = self.request("GET", path, query, timeout_ms=timeout_ms)
            found += page.get(what, ())
            token = page.get("nextToken")
            if not token:
                return found


def _json(value):
    stream = BytesIO()
    dump(value, stream)
    return stream.getvalue()
