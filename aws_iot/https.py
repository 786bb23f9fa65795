"""A file from a verified HTTPS server, in one small buffer, from any offset on (RFC 9110; presigned URLs of S3).

https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-presigned-url.html
"""

from . import borrow
from .errors import LinkError, ProtocolError, Rejected, ResponseTimeout
from .transport import select, ticks_diff, ticks_ms

const = int  # mpy-cross folds ``_X = const(n)`` by the name; CPython calls int

_HEADER_BYTES = const(8192)  # what S3 sends is under 1 KB
_REDIRECTS = const(3)  # a new bucket redirects to its region
_WAIT_MS = const(10)  # in one step: a program that does other things meanwhile should not notice
_MOVED = (301, 302, 303, 307, 308)


class HttpsSource:
    """The file at ``url``, ``size_bytes`` long.

    ``cacert``: PEM or DER of the CAs to trust, None for the Amazon roots (which S3's certificates end in).
    ``timeout_ms``: for each of connecting, the TLS handshake, and the next bytes. A http:// URL is taken only if
    ``plain``: whatever checks the file must then not rely on where it came from.
    """

    # what link.tcp() wants to know
    ticks = staticmethod(ticks_ms)
    wait_ms = _WAIT_MS
    fails = 0
    stage = sock = None

    def __init__(self, url, size_bytes, *, cacert=None, buffer_bytes=2048, timeout_ms=15000, plain=False):
        self.url = url
        self.timeout_ms = timeout_ms
        self._size = size_bytes
        self._cacert = cacert
        self._plain = plain
        self._buffer = memoryview(bytearray(buffer_bytes))
        self._context = None
        self._have = 0  # bytes in the buffer
        _parse_url(url, plain)

    def fetch(self, offset):
        """A generator of the file's bytes from ``offset`` on, in order: memoryviews, each valid until it goes on.

        Between them comes True ("go on soon"). Raises Rejected with the HTTP status (403: the URL has expired),
        LinkError when the connection failed or ended, ResponseTimeout and ProtocolError.
        """
        url = self.url
        for _ in range(_REDIRECTS + 1):
            try:
                url = yield from self._get(url, offset)
                if not url:
                    return
            except (OSError, EOFError, ValueError) as error:  # ValueError: what mbedTLS says of a certificate
                raise LinkError("download: %r" % error)
            finally:
                self._close()
        raise ProtocolError("too many redirects")

    def _get(self, url, offset):
        """One request; -> where it was redirected to, or None when the file is here."""
        secure, host, port, path = _parse_url(url, self._plain)
        self.server, self.port = host, port
        for _ in borrow("link").tcp(self):
            yield True
        sock = self.sock
        if secure:
            if not self._context:
                self._context = borrow("tls").context(None, None, self._cacert)
            sock = self.sock = self._context.wrap_socket(sock, server_hostname=host, do_handshake_on_connect=False)
        self._poller = select.poll()
        self._poller.register(sock, select.POLLIN | select.POLLOUT)
        name = host if port == (443 if secure else 80) else "%s:%d" % (host, port)
        request = "GET %s HTTP/1.1\r\nHost: %s\r\nRange: bytes=%d-\r\nConnection: close\r\n\r\n" % (path, name, offset)
        left = request.encode()
        while left:
            count = yield from self._until(lambda data=left: sock.write(data), "TLS handshake")
            left = left[count:]
        self._poller.modify(sock, select.POLLIN)
        self._have = 0
        status, headers = yield from self._headers()
        if status in _MOVED:
            target = headers.get("location", "")
            if secure and not target.startswith("https://"):
                raise ProtocolError("redirect to " + target[:40])
            return target
        if status not in (200, 206):
            raise Rejected(status, "HTTP status")
        skip = self._skip(status, headers, offset)
        yield from self._body(skip, self._size - offset + skip)

    def _skip(self, status, headers, offset):
        """How many bytes of the body come before ``offset``; ProtocolError when the answer is not the file."""
        if "transfer-encoding" in headers:
            raise ProtocolError("chunked")
        start = 0
        if status == 206:
            if headers.get("content-range") != "bytes %d-%d/%d" % (offset, self._size - 1, self._size):
                raise ProtocolError("Content-Range: %s" % headers.get("content-range"))
            start = offset
        if headers.get("content-length") != str(self._size - start):
            raise ProtocolError("%s bytes, not %d" % (headers.get("content-length"), self._size - start))
        return offset - start

    def _headers(self):
        """The status and the headers, by lower-case name; what follows them stays in the buffer."""
        lines = []
        line = b""
        total = 0
        while True:
            count = yield from self._more()
            data = bytes(self._buffer[:count])
            at = 0
            while True:
                end = data.find(b"\n", at)
                if end < 0:
                    line += data[at:]
                    break
                line += data[at:end]
                at = end + 1
                if not line.strip():
                    self._buffer[: count - at] = self._buffer[at:count]
                    self._have = count - at
                    return _parse_headers(lines)
                lines.append(str(line, "utf-8").strip())
                line = b""
            total += count
            if total > _HEADER_BYTES:
                raise ProtocolError("HTTP headers")

    def _body(self, skip, left):
        """The ``left`` bytes that follow, but for the first ``skip``."""
        while left:
            count = self._have or (yield from self._more())
            self._have = 0
            left -= count
            if left < 0:
                raise ProtocolError("more bytes than announced")
            start = min(count, skip)
            skip -= start
            if start < count:
                yield self._buffer[start:count]
                yield True

    def _more(self):
        """Fill the buffer with what there is; -> the count."""
        count = yield from self._until(lambda: self.sock.readinto(self._buffer), "server")
        if not count:
            raise EOFError
        return count

    def _until(self, action, what):
        """Repeat ``action`` until it gives something but None, at most ``timeout_ms``."""
        begun = ticks_ms()
        while True:
            result = action()
            if result is not None:
                return result
            if ticks_diff(ticks_ms(), begun) > self.timeout_ms:
                raise ResponseTimeout("no answer: " + what)
            self._poller.ipoll(_WAIT_MS)
            yield True

    def _close(self):
        if self.sock:
            try:
                self.sock.close()  # a TLS socket closes the raw one
            except OSError:
                pass
            self.sock = self._poller = None


def _parse_url(url, plain):
    """(secure, host, port, path and query); ValueError for what is no URL that may be used."""
    scheme, _, rest = url.partition("://")
    if scheme != "https" and not (plain and scheme == "http"):
        raise ValueError("not an https:// URL")
    host, _, path = rest.partition("/")
    host, _, port = host.partition(":")
    if not host or "@" in host or min(url.encode()) <= 32:
        raise ValueError("URL")
    return scheme == "https", host, int(port or (443 if scheme == "https" else 80)), "/" + path


def _parse_headers(lines):
    words = (lines[0] if lines else "").split(" ")
    if not words[0].startswith("HTTP/1.") or len(words) < 2:
        raise ProtocolError("not HTTP")
    headers = {}
    for line in lines[1:]:
        name, _, value = line.partition(":")
        headers[name.strip().lower()] = value.strip()
    if not words[1].isdigit():
        raise ProtocolError("not HTTP")
    return int(words[1]), headers
