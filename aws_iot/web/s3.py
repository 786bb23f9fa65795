"""Files into S3 and out of it, through one small buffer, with AWS keys. It stays while there is such a caller.

https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html and API_GetObject.html
"""

import time

import aws_iot

from ..errors import StateError

const = int  # mpy-cross folds ``_X = const(n)`` by the name; CPython calls int

_STREAM_BYTES = const(1024)


class S3:
    """The buckets of a ``region``, that of the thing's endpoint unless given. ``keys``: a function as a door's, in
    place of the keys of the thing's door, or of the role alias in thing.conf.json. ``server`` (with ":port" unless that
    is 443), ``host`` and the TLS ``context`` are for another service that speaks S3.

    What put and get raise: Rejected with S3's code (a text, as NoSuchBucket) and its message, LinkError,
    ResponseTimeout where nothing moves for 15 s, ProtocolError, ValueError of keys(), StateError where MQTT leaves no
    memory for TLS.
    """

    connection = None

    def __init__(self, thing, keys=None, *, region=None, server=None, host=None, context=None):
        self.client = thing.mqtt
        door = self.client.context
        self.keys = keys or getattr(door, "keys", None) or aws_iot.web.own.keys(thing)
        self.region = region or getattr(door, "region", None) or aws_iot.web.door.region_of(self.client.server)
        self.server = server
        self.host = host
        self.context = context or getattr(door, "context", door)
        self.buffer = bytearray(_STREAM_BYTES)

    def put(self, bucket: str, key: str, body, size: int | None = None, content_type: str | None = None) -> None:
        """Store ``body`` as ``key``: bytes; or with ``size`` in bytes a file, from its beginning, or a function that
        gives buffers. poll() goes on meanwhile.
        """
        for _ in self.putting(bucket, key, body, size, content_type):
            self._poll()

    def get(self, bucket: str, key: str, file) -> int:
        """Write what is stored as ``key`` to ``file``; how many bytes. poll() goes on meanwhile."""
        count = 0
        for part in self.getting(bucket, key):
            if part is True:
                self._poll()
            else:
                file.write(part)
                count += len(part)
        return count

    def putting(self, bucket, key, body, size=None, content_type=None):
        """put() as a generator, for a program with a loop of its own."""
        data = body
        if hasattr(body, "readinto"):
            data = lambda: self._pieces(body, size)  # noqa: E731
        connection = yield from self._call("PUT", bucket, key, data, size, content_type)
        for _ in connection.parts():
            yield True

    def getting(self, bucket, key):
        """A generator of the file: memoryviews, each valid until it goes on, and True between them."""
        connection = yield from self._call("GET", bucket, key)
        yield from connection.parts()

    def close(self) -> None:
        """Give the connection back; the next call makes another."""
        if self.connection:
            self.connection.close()

    def _call(self, method, bucket, key, body=b"", size=None, content_type=None):
        path = "/" + aws_iot.web.sigv4.quote(key, b"/")
        keys = None
        while not keys:
            keys = aws_iot.web.keys.ask(self)
            if not keys:  # they are being fetched, by a TLS connection of their own: few boards have room for two
                self.close()
                yield True
        if self.server or "." in bucket:  # no certificate is for a host with one dot more
            path = "/" + bucket + path
            connection = self._to(self.server or "s3.%s.amazonaws.com" % self.region)
        else:
            connection = self._to("%s.s3.%s.amazonaws.com" % (bucket, self.region))

        def head():
            sigv4 = aws_iot.web.sigv4
            if content_type:
                yield "Content-Type: %s\r\n" % content_type
            yield from sigv4.headers(
                keys, sigv4.dated(time.gmtime()), method, connection.name(), path, "", sigv4.UNSIGNED, self.region,
                "s3",
            )  # fmt: skip

        status = yield from connection.request(method, path, head, body, size)
        if status >= 300:
            yield from aws_iot.web.s3_refusal.refused(self, status, method, bucket, key)
        return connection

    def _to(self, server):
        """The connection to ``server``, the last one if that was to it."""
        server, _, port = server.partition(":")
        connection = self.connection
        if not connection or connection.server != server:
            self.close()
            self.connection = connection = aws_iot.web.connection.Connection(
                server, int(port or 443), self.context, host=self.host, each=True, buffer=self.buffer
            )
        if self.client.stream and not connection.stream and not aws_iot.web.https.room():
            raise StateError("no memory for TLS beside that of MQTT: disconnect() first")
        return connection

    def _pieces(self, file, size):
        """``size`` bytes of ``file``, in the buffer, which is free until the answer comes."""
        file.seek(0)
        view = memoryview(self.buffer)
        while size:
            count = file.readinto(view[: min(size, len(view))])
            if not count:
                raise ValueError("body: it is %d bytes shorter than its size" % size)
            size -= count
            yield view[:count]

    def _poll(self):
        client = self.client
        if client.stats["connects"] and not client.off:  # what was never connected stays so
            client.poll()
