"""MQTT in binary frames of a WebSocket over TLS: a stream of three calls, as TLS is (RFC 6455, section 5).

It stays in the heap while there is such a connection; upgrade.py, which begins it, does not.
"""

import os

import aws_iot

from ..errors import ProtocolError

const = int  # mpy-cross folds ``_X = const(n)`` by the name; CPython calls int

_SPAN = const(1024)  # of a packet in a frame: one may span frames, and this much of it is there twice
_MASKED = const(64)  # bytes at a time, as one integer
_CONTROL = const(125)  # the longest content of a control frame
_LONGEST = const(0xFFFFFF)  # AWS sends 128 KB
_BINARY = const(2)
_CLOSE = const(8)
_PING = const(9)
_PONG = const(10)


class Context:
    """What a client takes for its TLS context: the streams that it wraps are WebSockets.

    ``context``: that of TLS, the client's own. ``keys``, ``region``, ``host``: see door.py.
    """

    def __init__(self, client, keys, region, host):
        self.client = client
        self.context = client.context
        self.keys = keys
        self.region = region
        self.host = host

    def wrap_socket(self, raw, server_hostname, do_handshake_on_connect):
        return WebSocket(raw, self.begin)

    def begin(self, stream):
        """Keys, TLS, and the upgrade: TLS only now, since keys may come by a TLS connection of their own, and a board
        has room for one.
        """
        keys = aws_iot.web.keys.ask(self)
        while keys is None:  # they are being fetched
            self.client.stage = "keys"
            yield False
            keys = aws_iot.web.keys.ask(self)
        self.client.stage = "tls"
        stream.stream = self.context.wrap_socket(
            stream.stream, server_hostname=self.host, do_handshake_on_connect=False
        )
        yield from aws_iot.web.upgrade.upgrade(stream.stream, self, keys)


class WebSocket:
    """``stream`` with frames on it. ``begin(self)`` begins it: a generator of whether that is done, driven by the first
    writes, as those drive the TLS handshake.
    """

    def __init__(self, stream, begin):
        self.stream = stream
        self.opening = begin(self)
        # what is read
        self.head = memoryview(bytearray(2 + _CONTROL))  # of a frame; all of a control frame
        self.have = 0  # bytes in it
        self.left = 0  # bytes of the frame that are still to come
        self.more = False  # the message goes on in another frame
        self.over = False  # a close frame came
        # what is written
        self.out = b""  # of a frame that has begun
        self.size = 0  # bytes of the packet that it holds
        self.pong = b""  # goes out behind it

    def readinto(self, space):
        """Fill ``space`` from as many frames as there are; -> the count, 0 at the end, None when there is nothing."""
        if self.out or self.pong:
            self.flush()
        space = memoryview(space)
        count = 0
        while count < len(space) and not self.over:
            if self.left:
                got = self.stream.readinto(space[count : count + self.left])
            else:
                got = self.begin()
            if not got:
                return count or got
            if self.have:
                self.have = 0
            else:
                self.left -= got
                count += got
        return count

    def begin(self):
        """Read the head of a frame: of one with data, ``left`` is how much; a control frame is answered.

        -> True, 0 at the end, None when it is not all here.
        """
        need = 2
        while True:
            while self.have < need:
                got = self.stream.readinto(self.head[self.have : need])
                if not got:
                    return got
                self.have += got
            kind, size = self.head[0] & 15, self.head[1]
            if need == 2:
                check(self, self.head[0], size)
                need += {126: 2, 127: 8}.get(size, size if kind >= _CLOSE else 0)
                if need > 2:
                    continue
            if kind >= _CLOSE:
                self.control(kind, size)
            else:
                self.left = int.from_bytes(self.head[2:need], "big") if size > _CONTROL else size
                if self.left > _LONGEST:
                    raise ProtocolError("WebSocket frame: %d bytes" % self.left)
                self.more = not self.head[0] & 0x80
            return True

    def control(self, kind, size):
        if kind == _CLOSE:
            self.over = True
        elif kind == _PING:
            self.pong = frame(_PONG, self.head[2 : 2 + size])
            self.flush()

    def write(self, data):
        """Write ``data`` or a part of it; -> the count, or None: the same is to be given again. As with TLS, what has
        begun is not masked anew, and ``data`` itself, which may have to be sent again, never is.
        """
        if self.opening:
            if not self.opening.__next__():
                return None
            self.opening = None
        if not self.size:
            if not self.flush():
                return None
            part = memoryview(data)[:_SPAN]
            self.out = frame(_BINARY, part)
            self.size = len(part)
        if not self.flush():
            return None
        size, self.size = self.size, 0
        return size

    def flush(self):
        """Write what has begun; -> whether nothing is left."""
        while self.out or self.pong:
            if not self.out:
                self.out, self.pong = self.pong, b""
            count = self.stream.write(self.out)
            if count is None:
                return False
            self.out = self.out[count:] if count < len(self.out) else b""
        return True

    def close(self):
        self.stream.close()


def check(stream, first, size):
    """ProtocolError for what no server may send: sections 5.2, 5.4 and 5.5."""
    kind = first & 15
    if first & 0x70:
        why = "reserved bits"
    elif size > 127:
        why = "masked"
    elif kind >= _CLOSE:
        why = "" if kind <= _PONG and first & 0x80 and size <= _CONTROL else "control"
    else:
        why = "" if kind == (0 if stream.more else _BINARY) else "kind %d" % kind
    if why:
        raise ProtocolError("WebSocket frame: " + why)


def frame(kind, data):
    """A whole frame of the client: masked with a random key (section 5.3)."""
    size = len(data)
    head = bytes((0x80 | kind, 0x80 | size)) if size <= _CONTROL else bytes((0x80 | kind, 0xFE, size >> 8, size & 255))
    key = os.urandom(4)
    result = bytearray(len(head) + 4 + size)
    at = len(head)
    result[:at] = head
    result[at : at + 4] = key
    at += 4
    mask = int.from_bytes(key * (_MASKED // 4), "big")
    for start in range(0, size, _MASKED):
        part = data[start : start + _MASKED]
        if len(part) < _MASKED:
            mask >>= 8 * (_MASKED - len(part))
        result[at + start : at + start + len(part)] = (int.from_bytes(part, "big") ^ mask).to_bytes(len(part), "big")
    return memoryview(result)
