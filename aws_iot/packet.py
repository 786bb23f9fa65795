"""MQTT 3.1.1 packets that flow all the time: bytes to events and back (pure: no socket, no clock).

A packet out is one ``bytes``, so that it is one write and one TLS record. Packets in are read by ``Reader`` straight
from its buffer: whatever way the input is cut, the same packets come out. What flows once per connection is in
control.py.
http://docs.oasis-open.org/mqtt/mqtt/v3.1.1/mqtt-v3.1.1.html
"""

from . import borrow

const = int  # mpy-cross folds ``_X = const(n)`` by the name; CPython calls int

_DUP = const(0x08)


def publish(topic, payload, qos, retain, pid, size=None):
    """PUBLISH (section 3.3) of ``payload`` (bytes) to ``topic`` (bytes), as a bytearray; ``pid`` counts at QoS 1 only.

    With ``size`` the payload is that many bytes of a stream: so it is written into the packet without a copy between.
    """
    name = len(topic)
    left = name + (4 if qos else 2) + (len(payload) if size is None else size)
    at = 2 if left < 128 else 3 if left < 16384 else 4
    data = bytearray(at + left)
    data[0] = 0x30 | qos << 1 | (1 if retain else 0)
    at = 1
    while left > 127:
        data[at] = left & 127 | 128
        left >>= 7
        at += 1
    data[at] = left
    data[at + 1] = name >> 8
    data[at + 2] = name & 255
    at += 3
    data[at : at + name] = topic
    at += name
    if qos:
        data[at] = pid >> 8
        data[at + 1] = pid & 255
        at += 2
    if type(payload) is bytes:
        data[at:] = payload
    else:
        payload.readinto(memoryview(data)[at:])
    return data


class Reader:
    """Takes packets off a stream of bytes; its fields describe the packet that ``next()`` has just returned.

    ``pid``: packet id, or 0. ``topic``: str, and ``payload``: memoryview valid until the next ``space()``, of a
    PUBLISH; the payload is None when the packet was larger than ``limit`` or than the heap: then it is skipped.
    ``value``: CONNACK (session present, code) or SUBACK codes (memoryview).
    """

    topic = payload = value = None
    pid = 0
    name = b""  # the topic's bytes: the same one mostly comes again, and need not be made and checked again

    def __init__(self, size, limit):
        # 512 bytes hold any PUBLISH header that AWS allows (256 bytes of topic), so an oversized one can still be named
        self.small = memoryview(bytearray(size))
        self.limit = limit
        self.reset()

    def reset(self):
        """Forget what was read: a new connection begins."""
        self.buf = self.small
        self.start = self.end = self.skip = 0

    def space(self):
        """The free part of the buffer, for the stream to write into; never empty."""
        start, end = self.start, self.end
        if start == end:
            self.buf = self.small
            self.start = self.end = 0
            return self.buf
        if start:
            self.buf[: end - start] = self.buf[start:end]
            self.start, self.end = 0, end - start
        return self.buf[self.end :]

    def filled(self, count):
        """``count`` bytes were written into ``space()``."""
        if self.skip:  # nothing of a skipped packet is kept; what follows it is
            gone = min(self.skip, count)
            self.skip -= gone
            self.start = self.end + gone
        self.end += count

    def next(self):
        """The first byte of the next whole packet, its type in the upper half, or 0 when more bytes are needed.

        Raises ProtocolError for anything that MQTT 3.1.1 does not let a server send.
        """
        start = self.start
        have = self.end - start
        if have < 2 or self.skip:
            return 0
        buf = self.buf
        kind, size, at = buf[start], buf[start + 1], start + 2
        if size > 127:
            size &= 127
            shift = 7
            while True:
                if at - start == have:
                    return 0
                byte = buf[at]
                at += 1
                size |= (byte & 127) << shift
                if byte < 128:
                    break
                shift += 7
                if shift > 21:
                    borrow("malformed").length()
        end = at + size
        self.pid = 0
        if end - start > have:
            if end - start > len(buf) and borrow("oversize").room(self, kind, at, end):
                end, self.start, self.end = self.end, 0, 0
                self._publish(kind, at, end)
                self.payload = None
                return kind
            return 0
        self.start = end  # taken first: a packet that cannot be read for lack of memory costs itself only
        if kind & 0xF0 == 0x30:
            self._publish(kind, at, end)
        elif kind == 0x40 and size == 2:  # PUBACK
            self.packet_id(at)
        else:
            borrow("control").read(self, kind, at, size)
        return kind

    def packet_id(self, at):
        """Take the packet id at ``at``."""
        self.pid = self.buf[at] << 8 | self.buf[at + 1]
        if not self.pid:
            borrow("malformed").packet_id()

    def _publish(self, kind, at, end):
        qos = kind >> 1 & 3
        buf = self.buf
        # QoS 2 was never granted; DUP has no meaning at QoS 0
        if qos > 1 or kind & _DUP > qos << 3 or end - at < 3:
            borrow("malformed").publish(kind)
        name = at + 2
        at = name + (buf[at] << 8 | buf[at + 1])
        if at == name or at + 2 * qos > end:
            borrow("malformed").publish(kind)
        name = buf[name:at]
        if name != self.name:
            self.name = b""
            try:
                self.topic = topic = str(name, "utf-8")
                if "\0" in topic or "+" in topic or "#" in topic:
                    raise ValueError
            except ValueError:  # UnicodeError is one
                borrow("malformed").topic(bytes(name))
            self.name = bytes(name)
        if qos:
            self.packet_id(at)
            at += 2
        self.payload = buf[at:end]
