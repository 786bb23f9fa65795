"""MQTT 3.1.1 as a server speaks it, written by hand from the standard, and what the library's Reader makes of it.

http://docs.oasis-open.org/mqtt/mqtt/v3.1.1/mqtt-v3.1.1.html
"""

from aws_iot.errors import ProtocolError
from aws_iot.mqtt.packet import Reader

ACCEPTED = b"\x20\2\0\0"  # CONNACK, section 3.2
PINGRESP = b"\xd0\0"  # section 3.13
LARGEST = 131072 + 288  # the largest packet of AWS, roundly


def packet(first, body):
    """Fixed header (section 2.2) and body."""
    head, left = [first], len(body)
    while left > 127:
        head.append(left % 128 + 128)
        left //= 128
    return bytes(head + [left]) + body


def u16(number):
    return number.to_bytes(2, "big")


def string(text):
    data = text.encode() if isinstance(text, str) else text
    return u16(len(data)) + data


def message(topic, payload=b"", pid=0, flags=0):
    """PUBLISH (section 3.3), QoS 1 when it has a packet id; ``flags``: 1 retain, 8 DUP."""
    return packet(0x30 | flags | (2 if pid else 0), string(topic) + (u16(pid) if pid else b"") + payload)


def puback(pid):
    return b"\x40\2" + u16(pid)


def suback(pid, *codes):
    return packet(0x90, u16(pid) + bytes(codes))


def unsuback(pid):
    return b"\xb0\2" + u16(pid)


def read(data, sizes=(), size=512, limit=LARGEST):
    """What the Reader finds in ``data`` that comes in pieces of ``sizes`` (cycled; none: as much as there is room for).

    A list of tuples, ended by "error" when it refused.
    """
    reader = Reader(size, limit)
    found, at, turn = [], 0, 0
    while True:
        try:
            kind = reader.next()
        except ProtocolError:
            return found + ["error"]
        if kind:
            found.append(_described(reader, kind))
            continue
        if at == len(data):
            return found
        space = reader.space()
        count = min(len(space), len(data) - at, sizes[turn % len(sizes)] if sizes else len(data))
        assert count > 0
        space[:count] = data[at : at + count]
        reader.filled(count)
        at, turn = at + count, turn + 1


def _described(reader, kind):
    if kind & 0xF0 == 0x30:
        return (kind, reader.pid, reader.topic, None if reader.payload is None else bytes(reader.payload))
    if kind in (0x20, 0x90):
        return (kind, reader.pid, tuple(reader.value))
    return (kind, reader.pid)


def at_every_cut(data, expected, **options):
    """``data`` gives ``expected`` whole, byte by byte, and in two parts at every place."""
    assert read(data, **options) == expected, read(data, **options)
    assert read(data, [1], **options) == expected, read(data, [1], **options)
    for cut in range(1, len(data)):
        assert read(data, [cut, len(data)], **options) == expected, cut


def refused(data):
    """``data`` is a protocol error whole and byte by byte, and no packet comes out of it."""
    for sizes in ((), [1]):
        assert read(data, sizes) == ["error"], (data, read(data, sizes))
