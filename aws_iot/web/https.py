"""A file from a verified HTTPS server, in one small buffer, from any offset on (RFC 9110; presigned URLs of S3).

https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-presigned-url.html
"""

import gc

import aws_iot

from .. import ticks_ms
from ..errors import LinkError, ProtocolError

const = int  # mpy-cross folds ``_X = const(n)`` by the name; CPython calls int

_TWO_SESSIONS_BYTES = const(150000)  # a plain ESP32 has less; two TLS sessions take about 100 KB of it
_REDIRECTS = const(3)  # a new bucket redirects to its region


def room():
    """Whether there is memory for a TLS session beside that of MQTT."""
    gc.collect()
    return not hasattr(gc, "mem_free") or gc.mem_free() >= _TWO_SESSIONS_BYTES


class HttpsSource(aws_iot.web.link.Link):
    """The file at ``url``, ``size_bytes`` long.

    ``buffer``: a bytearray to read into. ``cacert``: PEM or DER of the CAs to trust; None: the Amazon roots, which S3's
    certificates end in. ``context``: a TLS context in its place. ``ssl``: one that is there already, for AWS's hosts
    only, since it may show the device's certificate to who asks for it. ``timeout_ms``: for each of connecting, the TLS
    handshake, the head of the answer, and the next bytes. A http:// URL is taken only if ``plain``: whatever checks the
    file must then not rely on where it came from.
    """

    def __init__(
        self, url, size_bytes, *, cacert=None, context=None, ssl=None, buffer=None, timeout_ms=15000, plain=False
    ):  # fmt: skip
        self.url = url
        self.timeout_ms = timeout_ms
        self.size = size_bytes
        self.plain = plain
        self.buffer = memoryview(buffer or bytearray(2048))
        self.have = 0  # bytes in the buffer
        # of a client behind another door: its TLS context
        self.ssl = None if cacert or context else getattr(ssl, "context", ssl)
        self.context = getattr(context, "context", context)
        self.cacert = cacert
        self.rx_at = ticks_ms()
        secure, host = aws_iot.web.request.parse(url, plain)[:2]
        if secure:
            self.prepare(host)  # now, while there is room

    def prepare(self, host):
        """The TLS context for ``host``."""
        # S3 and CloudFront's other names are not among them: who shows a certificate there shows it to anybody's server
        if self.ssl and (host.endswith(".amazonaws.com") or host.endswith(".amazonaws.com.cn")):
            return self.ssl
        if not self.context:
            self.context = aws_iot.mqtt.tls.context(None, None, self.cacert)
        return self.context

    def fetch(self, offset):
        """A generator of the file's bytes from ``offset`` on, in order: memoryviews, each valid until it goes on.

        Between them comes True ("go on soon"). Raises Rejected with the HTTP status (403: the URL has expired),
        LinkError when the connection failed or ended, ResponseTimeout and ProtocolError.
        """
        url = self.url
        for _ in range(_REDIRECTS + 1):
            try:
                url, skip, left = yield from aws_iot.web.request.request(self, url, offset)
                if not url:
                    yield from self.take(skip, left)
                    return
            except ValueError as error:  # also what mbedTLS and CPython say of a certificate: no retry mends it
                raise ProtocolError("%s: %s" % (self.server or "URL", error))
            except (OSError, EOFError) as error:
                raise LinkError("download: %r" % error)
            finally:
                self.close()
        raise ProtocolError("too many redirects")

    def take(self, skip, left):
        """The ``left`` bytes that follow, but for the first ``skip``."""
        while left:
            count = self.have or (yield from self.read(self.buffer))
            self.have = 0
            left -= count
            if left < 0:
                raise ProtocolError("more bytes than announced")
            start = min(count, skip)
            skip -= start
            if start < count:
                yield self.buffer[start:count]
                yield True
