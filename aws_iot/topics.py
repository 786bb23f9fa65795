"""Topics and filters: AWS's limits, and the topics of a thing (pure).

https://docs.aws.amazon.com/iot/latest/developerguide/reserved-topics.html
"""

const = int  # mpy-cross folds ``_X = const(n)`` by the name; CPython calls int

_MAX_BYTES = const(256)
_MAX_SLASHES = const(7)


def check_name(name, limit=128, extra=":_-", what="thing name"):
    """``name`` if AWS would take it: 1 to ``limit`` of a-z A-Z 0-9 and ``extra``; else ValueError."""
    if not isinstance(name, str) or not 0 < len(name) <= limit:
        raise ValueError("%s: 1 to %d characters" % (what, limit))
    for code in name.encode():
        if not (97 <= code | 32 <= 122 or 48 <= code <= 57 or chr(code) in extra):  # a-z A-Z 0-9
            raise ValueError("%s: %r is not allowed" % (what, chr(code)))
    return name


def shadow(thing, name=None):
    """The prefix of a shadow's topics: classic, or named ``name``."""
    prefix = "$aws/things/%s/shadow" % check_name(thing)
    return "%s/name/%s" % (prefix, check_name(name, 64, "$:_-", "shadow name")) if name is not None else prefix


def jobs(thing, *parts):
    """A topic of the thing's jobs: ("notify",), ("get",), ("start-next",), or (job id or "$next", "get" or
    "update").
    """
    return "$aws/things/%s/jobs/%s" % (check_name(thing), "/".join(parts))


def stream(thing, name, *parts):
    """A topic of a file stream: ("get", "cbor"), ("data", "cbor"), ("rejected", "cbor"), the same with "json"."""
    return "$aws/things/%s/streams/%s/%s" % (check_name(thing), check_name(name, 128, "_-", "stream"), "/".join(parts))


def check_topic(topic):
    """``topic`` (str or bytes) as bytes if a device may publish to it, else ValueError naming the limit.

    At most 256 bytes of UTF-8 and 7 slashes, Basic Ingest's prefix not counted.
    https://docs.aws.amazon.com/general/latest/gr/iot-core.html#message-broker-limits
    """
    data = _bytes(topic)
    if b"+" in data or b"#" in data:
        raise ValueError("topic: no wildcards in a publish")
    if data.startswith(b"$aws/rules/"):
        _limits(data[data.find(b"/", 11) + 1 :] if data.find(b"/", 11) > 0 else b"")
    else:
        _limits(data)
    return data


def check_filter(name):
    """``name`` (str or bytes) as str if a device may subscribe to it, else ValueError naming the limit."""
    data = _bytes(name)
    levels = data.split(b"/")
    shared = levels[0] == b"$share"
    if shared and (len(levels) < 3 or not levels[1]):
        raise ValueError("filter: $share/group/filter")
    for index, level in enumerate(levels):
        if level != b"+" and b"+" in level or b"#" in level and (level != b"#" or index + 1 < len(levels)):
            raise ValueError("filter: + stands for a whole level, # for the last ones")
    _limits(b"/".join(levels[2:]) if shared else data)
    return str(data, "utf-8")


def _bytes(topic):
    if isinstance(topic, str):
        topic = topic.encode()
    elif not isinstance(topic, bytes):
        raise ValueError("topic: str or bytes expected")
    if not topic or b"\0" in topic:
        raise ValueError("topic: empty, or with NUL")
    return topic


def _limits(data):
    if len(data) > _MAX_BYTES:
        raise ValueError("topic: over 256 bytes")
    if data.count(b"/") > _MAX_SLASHES:
        raise ValueError("topic: over 7 slashes")
