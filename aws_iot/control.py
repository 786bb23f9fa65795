"""MQTT 3.1.1 packets that flow once per connection or subscription (pure); the others are in packet.py."""


def string(text):
    """``text`` (str or bytes) as an MQTT string: two length bytes, then UTF-8 (section 1.5.3)."""
    data = text if isinstance(text, bytes) else text.encode()
    if len(data) > 65535:
        raise ValueError("longer than 65535 bytes")
    return bytes((len(data) >> 8, len(data) & 255)) + data


def _packet(kind, fields):
    body = b"".join(fields)
    head, left = [kind], len(body)
    while left > 127:
        head.append(left & 127 | 128)
        left >>= 7
    head.append(left)
    return bytes(head) + body


def connect(client_id, keepalive_s, clean, will=None, user=None, password=None):
    """CONNECT (section 3.1); ``will`` is (topic, message, qos, retain)."""
    flags = 2 if clean else 0
    fields = [b"", string(client_id)]
    if will:
        flags |= 4 | will[2] << 3 | (32 if will[3] else 0)
        fields += [string(will[0]), string(will[1])]
    if user is not None:
        flags |= 128
        fields.append(string(user))
        if password is not None:
            flags |= 64
            fields.append(string(password))
    fields[0] = b"\x00\x04MQTT\x04" + bytes((flags, keepalive_s >> 8, keepalive_s & 255))
    return _packet(0x10, fields)


def subscribe(pid, filters):
    """SUBSCRIBE (section 3.8) to a list of (filter, qos)."""
    fields = [bytes((pid >> 8, pid & 255))]
    for name, qos in filters:
        fields += [string(name), bytes((qos,))]
    return _packet(0x82, fields)


def unsubscribe(pid, filters):
    """UNSUBSCRIBE (section 3.10) from a list of filters."""
    return _packet(0xA2, [bytes((pid >> 8, pid & 255))] + [string(name) for name in filters])


def duplicate(data):
    """The same PUBLISH, marked as sent before (section 3.3.1.1)."""
    return bytes((data[0] | 8,)) + data[1:]


def topic_of(data):
    """The topic (bytes) of a PUBLISH packet."""
    at = 1
    while data[at] > 127:
        at += 1
    return data[at + 3 : at + 3 + (data[at + 1] << 8 | data[at + 2])]
