"""MQTT 3.1.1 packets as the server sees them: what a client sent, decoded; what a server says, encoded.

Written apart from aws_iot.mqtt.packet on purpose: a codec that is tested against itself proves nothing.
"""

import struct
from dataclasses import dataclass, field

CONNECT, CONNACK, PUBLISH, PUBACK, PUBREC, PUBREL, PUBCOMP = 1, 2, 3, 4, 5, 6, 7
SUBSCRIBE, SUBACK, UNSUBSCRIBE, UNSUBACK, PINGREQ, PINGRESP, DISCONNECT = 8, 9, 10, 11, 12, 13, 14
_OTHERS = ("UNSUBSCRIBE", "UNSUBACK", "PINGREQ", "PINGRESP", "DISCONNECT", "reserved")
NAMES = (
    "reserved",
    "CONNECT",
    "CONNACK",
    "PUBLISH",
    "PUBACK",
    "PUBREC",
    "PUBREL",
    "PUBCOMP",
    "SUBSCRIBE",
    "SUBACK",
    *_OTHERS,
)


class Malformed(Exception):
    """The client sent bytes that MQTT 3.1.1 does not allow."""


@dataclass
class Packet:
    """One packet from the client. `at` is the broker's clock in seconds when its last byte had come."""

    kind: int
    flags: int = 0
    pid: int = 0
    topic: str = ""
    payload: bytes = b""
    filters: list = field(default_factory=list)  # (filter, qos) of SUBSCRIBE, (filter, 0) of UNSUBSCRIBE
    client_id: str = ""
    keepalive: int = 0
    clean: bool = True
    user: str | None = None
    will: tuple | None = None  # (topic, payload, qos, retain)
    at: float = 0.0

    @property
    def name(self):
        return NAMES[self.kind]

    @property
    def qos(self):
        return self.flags >> 1 & 3

    @property
    def dup(self):
        return bool(self.flags & 8)

    @property
    def retain(self):
        return bool(self.flags & 1)

    def __str__(self):
        parts = [self.name]
        if self.kind == PUBLISH:
            parts.append(f"{self.topic} q{self.qos}{' dup' if self.dup else ''} {self.payload[:40]!r}")
        if self.pid:
            parts.append(f"id={self.pid}")
        if self.filters:
            parts.append(str(self.filters))
        return " ".join(parts)


class _Reader:
    """Walks over a packet's body; running past its end is Malformed, as section 2 of MQTT 3.1.1 wants."""

    def __init__(self, body):
        self.body, self.at = body, 0

    def take(self, count):
        if self.at + count > len(self.body):
            raise Malformed("a field runs past the end of the packet")
        self.at += count
        return self.body[self.at - count : self.at]

    def number(self):
        return struct.unpack("!H", self.take(2))[0]

    def data(self):
        return self.take(self.number())

    def text(self):
        try:
            text = self.data().decode("utf-8")
        except UnicodeDecodeError as error:
            raise Malformed("bad UTF-8") from error
        if "\0" in text:
            raise Malformed("NUL in a string")  # MQTT-1.5.3-2
        return text

    def rest(self):
        return self.take(len(self.body) - self.at)


def decode(buffer):
    """(packet, bytes used) of the first whole packet in `buffer`, or (None, 0) while it is incomplete."""
    length, shift, at = 0, 0, 1
    while True:
        if at >= len(buffer):
            return None, 0
        if at > 4:
            raise Malformed("remaining length over four bytes")
        length |= (buffer[at] & 0x7F) << shift
        shift += 7
        at += 1
        if not buffer[at - 1] & 0x80:
            break
    if len(buffer) < at + length:
        return None, 0
    kind, flags = buffer[0] >> 4, buffer[0] & 15
    return _parse(kind, flags, bytes(buffer[at : at + length])), at + length


def _parse(kind, flags, body):
    packet, reader = Packet(kind, flags), _Reader(body)
    wanted = {PUBLISH: flags, PUBREL: 2, SUBSCRIBE: 2, UNSUBSCRIBE: 2}.get(kind, 0)
    if kind not in _BODIES or flags != wanted:
        raise Malformed(f"first byte {kind << 4 | flags:#04x}")
    _BODIES[kind](packet, reader)
    if reader.at != len(body):
        raise Malformed(f"{len(body) - reader.at} bytes too many in {packet.name}")
    return packet


def _connect(packet, reader):
    if reader.data() != b"MQTT" or reader.take(1) != b"\4":
        raise Malformed("not MQTT 3.1.1")
    flags = reader.take(1)[0]
    packet.keepalive, packet.clean = reader.number(), bool(flags & 2)
    packet.client_id = reader.text()
    if flags & 4:
        packet.will = (reader.text(), reader.data(), flags >> 3 & 3, bool(flags & 0x20))
    if flags & 0x80:
        packet.user = reader.text()
    if flags & 0x40:
        reader.data()
    if flags & 1:
        raise Malformed("reserved CONNECT flag")


def _publish(packet, reader):
    if packet.qos > 1 or (packet.dup and not packet.qos):
        raise Malformed(f"PUBLISH flags {packet.flags:#x}")
    packet.topic = reader.text()
    if not packet.topic or set("+#") & set(packet.topic):
        raise Malformed(f"topic name {packet.topic!r}")
    if packet.qos:
        _packet_id(packet, reader)
    packet.payload = reader.rest()


def _packet_id(packet, reader):
    packet.pid = reader.number()
    if not packet.pid:
        raise Malformed("packet id 0")  # MQTT-2.3.1-1


def _subscribe(packet, reader):
    _packet_id(packet, reader)
    while reader.at < len(reader.body):
        name = reader.text()
        packet.filters.append((name, reader.take(1)[0]))
    if not packet.filters or any(qos > 1 for _, qos in packet.filters):
        raise Malformed("SUBSCRIBE without filters or with QoS 2")


def _unsubscribe(packet, reader):
    _packet_id(packet, reader)
    while reader.at < len(reader.body):
        packet.filters.append((reader.text(), 0))


def _nothing(packet, reader):
    pass


_BODIES = {
    CONNECT: _connect,
    PUBLISH: _publish,
    PUBACK: _packet_id,
    SUBSCRIBE: _subscribe,
    UNSUBSCRIBE: _unsubscribe,
    PINGREQ: _nothing,
    DISCONNECT: _nothing,
}


def encode(first_byte, body=b""):
    """A packet of any first byte and body, valid or not."""
    length, size = bytearray(), len(body)
    while True:
        length.append(size & 0x7F | (0x80 if size > 0x7F else 0))
        size >>= 7
        if not size:
            return bytes((first_byte,)) + bytes(length) + body


def connack(code=0, present=False):
    return encode(CONNACK << 4, bytes((present, code)))


def puback(pid):
    return encode(PUBACK << 4, struct.pack("!H", pid))


def suback(pid, codes):
    return encode(SUBACK << 4, struct.pack("!H", pid) + bytes(codes))


def unsuback(pid):
    return encode(UNSUBACK << 4, struct.pack("!H", pid))


def pingresp():
    return encode(PINGRESP << 4)


def publish(topic, payload=b"", qos=0, pid=0, dup=False, retain=False):
    name = topic if isinstance(topic, bytes) else topic.encode()
    body = struct.pack("!H", len(name)) + name + (struct.pack("!H", pid) if qos else b"") + payload
    return encode(PUBLISH << 4 | dup << 3 | qos << 1 | retain, body)


def matches(topic_filter, topic):
    """Does AWS deliver `topic` to `topic_filter`: `a/#` does not match `a`, wildcards do not match `$...`.

    https://docs.aws.amazon.com/iot/latest/developerguide/topics.html#topicfilters
    """
    wanted, levels = topic_filter.split("/"), topic.split("/")
    if topic.startswith("$") and wanted[0] in "+#":
        return False
    for index, level in enumerate(wanted):
        if level == "#":
            return len(levels) > index
        if index >= len(levels) or level not in ("+", levels[index]):
            return False
    return len(wanted) == len(levels)
