"""MQTT 3.1.1 packets that flow all the time: bytes to events and back (pure: no socket, no clock).

A packet out is one ``bytes``, so that it is one write and one TLS record. Packets in are read by ``Reader`` straight
from its buffer: whatever way the input is cut, the same packets come out. What flows once per connection is in
control.py.
http://docs.oasis-open.org/mqtt/mqtt/v3.1.1/mqtt-v3.1.1.html
"""

import aws_iot

const = int  # mpy-cross folds ``_X = const(n)`` by the name; CPython calls int

_DUP = const(0x08)


def publish(topic, payload, qos, retain, pid, size=None):
    """PUBLISH (section 3.3) of ``payload`` (bytes) to ``topic`` (bytes), as a bytearray; ``pid`` counts at QoS 1 only.

    With ``size`` the payload is that many bytes of a stream: so it is written into the packet without a copy between.
    """
    # 11 words: few names, used twice. With one for each thing it is 15, 64 bytes of the heap for each packet (see
    # __init__.py)
    size = len(topic) + (4 if qos else 2) + (len(payload) if size is None else size)
    data = bytearray(size + (2 if size < 128 else 3 if size < 16384 else 4))
    data[0] = 0x30 | qos << 1 | (1 if retain else 0)
    retain = 1  # from here on where to write, and ``size`` where that ends
    while size > 127:
        data[retain] = size & 127 | 128
        size >>= 7
        retain += 1
    data[retain] = size
    size = len(topic)
    data[retain + 1] = size >> 8
    data[retain + 2] = size & 255
    retain += 3
    size += retain
    data[retain:size] = topic
    if qos:
        data[size] = pid >> 8
        data[size + 1] = pid & 255
        size += 2
    if type(payload) is bytes:
        data[size:] = payload
    else:
        topic = memoryview(data)[size:]
        payload.readinto(topic)
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
        if self.end - start < 2 or self.skip:
            return 0
        buf = self.buf
        kind, end, at = buf[start], buf[start + 1], start + 2
        if end > 127:
            end &= 127
            while True:
                if at == self.end:
                    return 0
                end |= (buf[at] & 127) << (at - start - 1) * 7  # so the frame has 11 words, not 12: see __init__.py
                at += 1
                if buf[at - 1] < 128:
                    break
                if at - start > 4:
                    aws_iot.mqtt.unusual.size()
        end += at
        self.pid = 0
        if end > self.end:
            if end - start > len(buf):
                # room() undoes this. Without the memory to load it the packet is skipped: the broker, which gets no
                # PUBACK, keeps it
                self.skip, self.start = end - self.end, self.end
                if aws_iot.mqtt.unusual.room(self, start, at):
                    end, self.start, self.end = self.end, 0, 0
                    self._publish(kind, at, end)
                    self.payload = None
                    return kind
            return 0
        self.start = end  # taken first: a packet that cannot be read for lack of memory costs itself only
        if kind >> 4 == 3:
            self._publish(kind, at, end)
        elif kind == 0x40 and end - at == 2:  # PUBACK
            self.packet_id(at)
        else:
            aws_iot.mqtt.control.read(self, kind, at)
        return kind

    def packet_id(self, at):
        """Take the packet id at ``at``."""
        self.pid = self.buf[at] << 8 | self.buf[at + 1]
        if not self.pid:
            aws_iot.mqtt.unusual.packet_id()

    def _publish(self, kind, at, end):
        buf = self.buf
        # QoS 2 was never granted; DUP has no meaning at QoS 0
        if kind & 4 or kind & 10 == _DUP or end - at < 3:
            aws_iot.mqtt.unusual.publish(kind)
        name = at + 2
        at = name + (buf[at] << 8 | buf[at + 1])
        if at == name or at + (kind & 2) > end:
            aws_iot.mqtt.unusual.publish(kind)
        name = buf[name:at]
        if name != self.name:
            self._topic(name)
        if kind & 2:
            self.packet_id(at)
            at += 2
        self.payload = buf[at:end]

    def _topic(self, name):
        self.name = b""
        try:
            self.topic = topic = str(name, "utf-8")
            if "\0" in topic or "+" in topic or "#" in topic:
                raise ValueError
        except ValueError:  # UnicodeError is one
            aws_iot.mqtt.unusual.topic(bytes(name))
        self.name = bytes(name)
