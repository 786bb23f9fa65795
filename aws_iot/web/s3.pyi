"""Files into S3 and out of it, through one small buffer, with AWS keys. It stays while there is such a caller.

https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html and API_GetObject.html
"""

from collections.abc import Callable, Generator, Iterable, Sequence
from typing import Any, BinaryIO

from ..thing import Thing

_Body = bytes | bytearray | BinaryIO | Callable[[], Iterable[bytes | bytearray | memoryview]]

class S3:
    """The buckets of a ``region``, that of the thing's endpoint unless given. ``keys``: a function as a door's, in
    place of the keys of the thing's door, or of the role alias in thing.conf.json. ``server`` (with ":port" unless that
    is 443), ``host`` and the TLS ``context`` are for another service that speaks S3.

    What put and get raise: Rejected with S3's code (a text, as NoSuchBucket) and its message, LinkError,
    ResponseTimeout where nothing moves for 15 s, ProtocolError, ValueError of keys(), StateError where MQTT leaves no
    memory for TLS.
    """

    region: str

    def __init__(
        self,
        thing: Thing,
        keys: Callable[[], Sequence[str | None] | None] | None = None,
        *,
        region: str | None = None,
        server: str | None = None,
        host: str | None = None,
        context: Any = None,
    ) -> None: ...
    def put(self, bucket: str, key: str, body: _Body, size: int | None = None, content_type: str | None = None) -> None:
        """Store ``body`` as ``key``: bytes; or with ``size`` in bytes a file, from its beginning, or a function that
        gives buffers. poll() goes on meanwhile.
        """

    def get(self, bucket: str, key: str, file: BinaryIO) -> int:
        """Write what is stored as ``key`` to ``file``; how many bytes. poll() goes on meanwhile."""

    def putting(
        self, bucket: str, key: str, body: _Body, size: int | None = None, content_type: str | None = None
    ) -> Generator[bool]:
        """put() as a generator, for a program with a loop of its own."""

    def getting(self, bucket: str, key: str) -> Generator[memoryview | bool]:
        """A generator of the file: memoryviews, each valid until it goes on, and True between them."""

    def close(self) -> None:
        """Give the connection back; the next call makes another."""
