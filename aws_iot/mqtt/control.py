"""MQTT 3.1.1 packets that are sent or come once per connection or subscription (pure); packet.py has the others."""

const = int  # mpy-cross folds ``_X = const(n)`` by the name; CPython calls int

_CONNACK = const(0x20)
_SUBACK = const(0x90)
_UNSUBACK = const(0xB0)
_PINGRESP = const(0xD0)


def string(text):
    """``text`` (str or bytes) as an MQTT string: two length bytes, then UTF-8 (section 1.5.3)."""
    data = text if isinstance(text, bytes) else text.encode()
    if len(data) > 65535:
        raise ValueError("longer than 65535 bytes")
    return bytes((len(data) >> 8, len(data) & 255)) + data


def packet(kind, data):
    """``data`` (a bytearray) behind its fixed header (section 2.2)."""
    head, left = bytearray((kind,)), len(data)
    while left > 127:
        head.append(left & 127 | 128)
        left >>= 7
    head.append(left)
    return bytes(head + data)


def connect(client_id, keepalive, clean, will=None, user=None, password=None):
    """CONNECT (section 3.1); ``keepalive`` in s, ``will`` is (topic, message, qos, retain)."""
    body = bytearray(b"\x00\x04MQTT\x04")
    body.extend(bytes((2 if clean else 0, keepalive >> 8, keepalive & 255)))
    body.extend(string(client_id))
    if will:
        body[7] |= 4 | will[2] << 3 | (32 if will[3] else 0)
        body.extend(string(will[0]))
        body.extend(string(will[1]))
    if user is not None:
        body[7] |= 128
        body.extend(string(user))
        if password is not None:
            body[7] |= 64
            body.extend(string(password))
    return packet(0x10, body)


def subscribe(pid, names):
    """SUBSCRIBE (section 3.8) to a list of (filter, qos)."""
    body = bytearray((pid >> 8, pid & 255))
    for name, qos in names:
        body.extend(string(name))
        body.append(qos)
    return packet(0x82, body)


def unsubscribe(pid, names):
    """UNSUBSCRIBE (section 3.10) from a list of filters."""
    body = bytearray((pid >> 8, pid & 255))
    for name in names:
        body.extend(string(name))
    return packet(0xA2, body)


def read(reader, kind, at):
    """A packet that is neither PUBLISH nor PUBACK, for ``Reader.next``. ProtocolError for what no server may send."""
    buf, size = reader.buf, reader.start - at
    if kind == _CONNACK and size == 2 and buf[at] < 2:
        reader.value = (buf[at], buf[at + 1])
    elif kind == _UNSUBACK and size == 2 or kind == _SUBACK and size > 2:
        reader.packet_id(at)
        reader.value = buf[at + 2 : at + size]
    elif kind != _PINGRESP or size:
        from ..errors import ProtocolError

        raise ProtocolError("packet 0x%02x of %d bytes" % (kind, size))


def topic_of(data):
    """The topic (bytes) of a PUBLISH packet."""
    at = 1
    while data[at] > 127:
        at += 1
    return bytes(data[at + 3 : at + 3 + (data[at + 1] << 8 | data[at + 2])])
