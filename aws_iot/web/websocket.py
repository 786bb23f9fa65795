"""MQTT in binary frames of a WebSocket over TLS: a stream of three calls, as TLS is (RFC 6455, section 5).

It stays in the heap while there is such a connection; keys.py and upgrade.py, which begin it, do not, nor what
upgrade.py does with frames that are not of data.
"""

import os

import aws_iot

const = int  # mpy-cross folds ``_X = const(n)`` by the name; CPython calls int

_SPAN = const(1024)  # of a packet in a frame: one may span frames, and this much of it is there twice
_MASKED = const(64)  # bytes at a time, as one integer
_SHORT = const(125)  # the longest content whose size is in the second byte
_HEAD = const(10)
_LONGEST = const(0xFFFFFF)  # AWS sends 128 KB
_BINARY = const(2)


class WebSocket:
    """What a client takes for its TLS context, and the stream that it makes of a connection, one after the other.

    ``context``: that of TLS, the client's own. ``keys``, ``region``, ``host``: see door.py.
    """

    stream = None  # that of TLS
    out = pong = b""

    def __init__(self, client, keys, region, host):
        self.client = client
        self.context = client.context
        self.keys = keys
        self.region = region
        self.host = host
        self.head = memoryview(bytearray(_HEAD))  # of a frame; of a control frame, all: then it is made longer

    def wrap_socket(self, raw, server_hostname, do_handshake_on_connect):
        self.stream = raw
        # a generator of whether it has begun, driven by the first writes, as those drive the TLS handshake; then None
        self.opening = aws_iot.web.keys.begin(self)
        # what is read
        self.have = 0  # bytes of the head
        self.left = 0  # bytes of the frame that are still to come
        self.more = False  # the message goes on in another frame
        self.over = False  # a close frame came
        # what is written
        self.size = 0  # bytes of the packet that ``out`` holds, the rest of a frame; ``pong`` goes out behind it
        return self

    def readinto(self, space):
        """Fill ``space`` from as many frames as there are; -> the count, 0 at the end, None when there is nothing."""
        if self.out or self.pong:
            self.flush()
        space = memoryview(space)
        count, need = 0, 2  # need: bytes of the head
        while count < len(space) and not self.over:
            place = space[count : count + self.left] if self.left else self.head[self.have : need]
            if len(place):
                got = self.stream.readinto(place)  # type: ignore[union-attr]
                if not got:
                    return count or got
                if self.left:
                    self.left -= got
                    count += got
                    continue
                self.have += got
                if self.have < need:
                    continue
            first, size = self.head[0], self.head[1]
            if first & 0x7F != (0 if self.more else _BINARY) or size > 127:
                need = aws_iot.web.upgrade.control(self, frame)
            elif size > _SHORT and need == 2:
                need = 4 if size == 126 else _HEAD
            else:
                self.left = int.from_bytes(self.head[2:need], "big") if size > _SHORT else size
                if self.left > _LONGEST:
                    aws_iot.web.upgrade.control(self, frame)
                self.more = not first & 0x80
                need = 0
            if not need:
                self.have, need = 0, 2
        return count

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
            count = self.stream.write(self.out)  # type: ignore[union-attr]
            if count is None:
                return False
            self.out = self.out[count:] if count < len(self.out) else b""
        return True

    def close(self):
        stream, self.stream = self.stream, None
        self.out = self.pong = b""
        if stream:
            stream.close()


def frame(kind, data):
    """A whole frame of the client: masked with a random key (section 5.3)."""
    size = len(data)
    head = bytes((0x80 | kind, 0x80 | size)) if size <= _SHORT else bytes((0x80 | kind, 0xFE, size >> 8, size & 255))
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
