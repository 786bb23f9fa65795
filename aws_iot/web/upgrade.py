"""The answer with which a WebSocket begins (RFC 6455, section 4), and frames that are not of data. Lent for each."""

import time
from binascii import b2a_base64
from hashlib import sha1

const = int  # mpy-cross folds ``_X = const(n)`` by the name; CPython calls int

_HEAD_BYTES = const(4096)
_CLOSE = const(8)
_PONG = const(10)
_CONTROL = const(125)  # the longest content of a control frame


def answer(door, key):
    """Read the answer to the GET with this ``key``, but nothing behind it: a generator. ValueError tells why it was
    refused, EOFError that it has no end.
    """
    lines = yield from _head(door.stream)
    _check(door.client, lines, key)


def _head(stream):
    """The first line of the head, and that of the header which counts, if it is there; EOFError when it ends sooner."""
    lines, byte, line, left = [], bytearray(1), b"", _HEAD_BYTES
    while left:
        got = stream.readinto(byte)
        if got is None:
            yield False
            continue
        if not got:
            raise EOFError
        left -= 1
        line += byte
        if byte != b"\n":
            continue
        line = line.strip()
        if not line:
            break
        if not lines or line.lower().startswith(b"sec-websocket-accept"):
            lines.append(line)
        line = b""
    return lines or [line]


def _check(client, lines, key):
    words = lines[0].split()
    where = "%s:%d" % (client.server, client.port)
    if len(words) < 2 or not words[0].startswith(b"HTTP/1.") or not words[1].isdigit():
        raise ValueError("%s speaks no WebSocket: it says %r" % (where, lines[0][:40]))
    status = int(words[1])
    if status == 403:
        raise ValueError(
            "the WebSocket was refused (HTTP 403): are the keys right and still valid, is the clock (%s UTC) right to 5"
            " minutes, may they connect (iot:Connect) as client id %s?"
            % ("%d-%02d-%02d %02d:%02d" % time.gmtime()[:5], client.client_id)
        )
    if status != 101:
        raise ValueError("%s speaks no WebSocket, or a proxy answers in its place: HTTP %d" % (where, status))
    accept = b2a_base64(sha1(key + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest())[:-1]
    if len(lines) < 2 or lines[1].partition(b":")[2].strip() != accept:
        raise ValueError("%s does not answer this WebSocket: a proxy answers in its place" % where)


def control(stream, frame):
    """Deal with the frame that has begun in ``stream.head`` and is not the data which may come next; -> how many bytes
    of it that takes, 0 when it is done. A ping is answered, by a ``frame()``, and so is a close, behind which nothing
    comes. ProtocolError for what no server may send: sections 5.2, 5.4 and 5.5.
    """
    first, size = stream.head[0], stream.head[1]
    kind = first & 15
    if first & 0x70:
        why = "reserved bits"
    elif size > 127:
        why = "masked"
    elif kind < _CLOSE:
        why = "%d bytes" % stream.left if stream.left else "kind %d" % kind
    else:
        why = "" if kind <= _PONG and first & 0x80 and size <= _CONTROL else "control"
    if why:
        from ..errors import ProtocolError

        raise ProtocolError("WebSocket frame: " + why)
    if stream.have < 2 + size:
        if len(stream.head) < 2 + size:
            head, stream.head = stream.head, memoryview(bytearray(2 + _CONTROL))
            stream.head[:2] = head[:2]
        return 2 + size
    if kind != _PONG:
        stream.over = kind == _CLOSE
        stream.pong = frame(_CLOSE if stream.over else _PONG, stream.head[2 : 2 + size])
        stream.flush()
    return 0
