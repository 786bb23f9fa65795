"""The request of a download and the head of its answer (RFC 9110). Lent by HttpsSource for each connection."""

import aws_iot

from .. import select
from ..errors import ProtocolError, Rejected

const = int  # mpy-cross folds ``_X = const(n)`` by the name; CPython calls int

_HEADER_BYTES = const(6144)  # what S3 sends is under 1 KB
_PIECE_BYTES = const(256)
_MOVED = (301, 302, 303, 307, 308)
_HEADERS = (
    b"location", b"content-range", b"content-length", b"transfer-encoding", b"connection", b"date",
    b"x-amz-bucket-region",
)  # fmt: skip


def request(source, url, offset):
    """One request; -> (where it was redirected to or None, bytes to skip, bytes to come)."""
    secure, host, port, path = parse(url, source.plain)
    source.server, source.port = host, port
    yield from open(source, secure and source.prepare(host), host)
    name = host if port == (443 if secure else 80) else "%s:%d" % (host, port)
    request = "GET %s HTTP/1.1\r\nHost: %s\r\nRange: bytes=%d-\r\nConnection: close\r\n\r\n" % (path, name, offset)
    source.have = 0
    yield from send(source, (request,))
    status, headers = yield from head(source)
    if status in _MOVED:
        if not headers.get("location"):
            raise ProtocolError("the server answers %d and does not say where the file is" % status)
        target = aws_iot.web.redirect.resolve(url, headers["location"])
        if secure and not parse(target, True)[0]:
            raise ProtocolError("the server sends from https:// to http://")
        return target, 0, 0
    if status not in (200, 206):
        raise Rejected(status, "")
    skip = _skip(source, status, headers, offset)
    return None, skip, source.size - offset + skip


def _skip(source, status, headers, offset):
    """How many bytes of the body come before ``offset``; ProtocolError when the answer is not the file."""
    if "transfer-encoding" in headers:
        raise ProtocolError("the server sends the file in chunks, without its size")
    start = 0
    # nothing of the answer is repeated: who wrote the URL need not learn what stands on other servers
    wrong = "the server's file has not the %d bytes that the job names" % source.size
    if status == 206:
        if headers.get("content-range") != "bytes %d-%d/%d" % (offset, source.size - 1, source.size):
            raise ProtocolError(wrong + " (Content-Range)")
        start = offset
    if headers.get("content-length") != str(source.size - start):
        raise ProtocolError(wrong + " (Content-Length)")
    return offset - start


def open(source, context, host):
    """Connect, up to the TLS handshake, which the first write begins."""
    for _ in aws_iot.mqtt.tcp.tcp(source):
        yield True
    secure(source, context, host)


def secure(source, context, host):
    """TLS on the TCP connection."""
    if context:
        source.stream = context.wrap_socket(source.stream, server_hostname=host, do_handshake_on_connect=False)
    source.poller = select.poll()
    source.poller.register(source.stream, select.POLLIN | select.POLLOUT)


def send(source, pieces):
    """Write a request (str and bytes)."""
    sock = source.stream
    for record in aws_iot.web.records.records(pieces):
        while record:
            count = yield from source.until(lambda data=record: sock.write(data), "TLS handshake")
            record = record[count:]
        source.stage = "head"
    source.poller.modify(sock, select.POLLIN)


def head(source):
    """The status and the headers that count, by lower-case name; what follows them stays in the buffer."""
    status, headers, line, left = None, {}, b"", _HEADER_BYTES
    while True:
        count = source.have or (yield from source.read(source.buffer[:_PIECE_BYTES], left == _HEADER_BYTES))
        source.have = 0
        left -= count
        data = bytes(source.buffer[:count])
        at = 0
        while True:
            end = data.find(b"\n", at)
            line += data[at : count if end < 0 else end]
            if len(line) > left:
                raise ProtocolError("HTTP headers too long")
            if end < 0:
                break
            at = end + 1
            if status is None:
                status = _status(line)
            elif line.strip():
                name, _, value = line.partition(b":")
                name = bytes(name.strip().lower())
                if name in _HEADERS:
                    headers[str(name, "ascii")] = str(value.strip(), "utf-8")
            else:
                source.buffer[: count - at] = source.buffer[at:count]
                source.have = count - at
                return status, headers
            line = b""


def parse(url, plain):
    """(secure, host, port, path and query); ValueError for what is no URL that may be used."""
    scheme, _, rest = url.partition("#")[0].partition("://")
    scheme = scheme.lower()
    if scheme != "https" and not (plain and scheme == "http"):
        raise ValueError("not an https:// URL")
    end = min([at for at in (rest.find("/"), rest.find("?"), len(rest)) if at >= 0])
    path = rest[end:]
    host, _, port = rest[:end].lower().partition(":")
    if not host or "@" in host or min(url.encode()) <= 32 or port and not port.isdigit():
        raise ValueError("URL")
    return (
        scheme == "https",
        host,
        int(port or (443 if scheme == "https" else 80)),
        path if path[:1] == "/" else "/" + path,
    )


def _status(line):
    words = line.split()
    if len(words) < 2 or not words[0].startswith(b"HTTP/1.") or not words[1].isdigit():
        raise ProtocolError("not HTTP")
    return int(words[1])
