"""What AWS takes as a topic and as a filter (pure). The topics of a thing are in names.py."""

const = int  # mpy-cross folds ``_X = const(n)`` by the name; CPython calls int

_MAX_BYTES = const(256)
_MAX_SLASHES = const(7)
_PAYLOAD = const(131072)
_REMEMBERED = const(8)


def check_publish(client, topic, size, qos):
    """``topic`` as bytes; ValueError for what AWS would refuse. The last ones are remembered: text in the client's
    ``names``, bytes in ``sent``.

    https://docs.aws.amazon.com/general/latest/gr/iot-core.html#message-broker-limits
    """
    if qos not in (0, 1):
        raise ValueError("QoS: AWS has 0 and 1")
    if size > _PAYLOAD:
        raise ValueError("payload: over 128 KB")
    name = check_topic(topic)
    if max(len(client.names), len(client.sent)) >= _REMEMBERED:
        client.names.clear()
        client.sent.clear()
    if name is topic:
        client.sent[name] = client.sent.get(name)
    else:
        client.names[topic] = name
    return name


def check_topic(topic):
    """``topic`` (str or bytes) as bytes if a device may publish to it, else ValueError naming the limit.

    At most 256 bytes of UTF-8 and 7 slashes, Basic Ingest's prefix not counted.
    https://docs.aws.amazon.com/general/latest/gr/iot-core.html#message-broker-limits
    """
    data = encode(topic)
    if b"+" in data or b"#" in data:
        raise ValueError("topic: no wildcards in a publish")
    if data.startswith(b"$aws/rules/"):
        limit(data[data.find(b"/", 11) + 1 :] if data.find(b"/", 11) > 0 else b"")
    else:
        limit(data)
    return data


def check_filter(name):
    """``name`` (str or bytes) as str if a device may subscribe to it, else ValueError naming the limit."""
    data = encode(name)
    levels = data.split(b"/")
    shared = levels[0] == b"$share"
    if shared and (len(levels) < 3 or not levels[1]):
        raise ValueError("filter: $share/group/filter")
    for index, level in enumerate(levels):
        if level != b"+" and b"+" in level or b"#" in level and (level != b"#" or index + 1 < len(levels)):
            raise ValueError("filter: + stands for a whole level, # for the last ones")
    limit(b"/".join(levels[2:]) if shared else data)
    return str(data, "utf-8")


def encode(topic):
    if isinstance(topic, str):
        topic = topic.encode()
    elif not isinstance(topic, bytes):
        raise ValueError("topic: str or bytes expected")
    if not topic or b"\0" in topic:
        raise ValueError("topic: empty, or with NUL")
    return topic


def limit(data):
    if len(data) > _MAX_BYTES:
        raise ValueError("topic: over 256 bytes")
    if data.count(b"/") > _MAX_SLASHES:
        raise ValueError("topic: over 7 slashes")
