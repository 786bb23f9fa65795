"""MQTT 3.1.1 packets that come once per connection or subscription (pure); packet.py reads the others."""

const = int  # mpy-cross folds ``_X = const(n)`` by the name; CPython calls int

_CONNACK = const(0x20)
_SUBACK = const(0x90)
_UNSUBACK = const(0xB0)
_PINGRESP = const(0xD0)


def read(reader, kind, at):
    """A packet that is neither PUBLISH nor PUBACK, for ``Reader.next``. ProtocolError for what no server may send."""
    buf, size = reader.buf, reader.start - at
    if kind == _CONNACK and size == 2 and buf[at] < 2:
        reader.value = (buf[at], buf[at + 1])
    elif kind == _UNSUBACK and size == 2 or kind == _SUBACK and size > 2:
        reader.packet_id(at)
        reader.value = buf[at + 2 : at + size]
    elif kind != _PINGRESP or size:
        from .errors import ProtocolError

        raise ProtocolError("packet 0x%02x of %d bytes" % (kind, size))


def topic_of(data):
    """The topic (bytes) of a PUBLISH packet."""
    at = 1
    while data[at] > 127:
        at += 1
    return bytes(data[at + 3 : at + 3 + (data[at + 1] << 8 | data[at + 2])])
