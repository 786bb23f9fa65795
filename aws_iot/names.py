"""Names that AWS takes, where it is reached, and the topics of a thing that are made of them (pure).

https://docs.aws.amazon.com/iot/latest/developerguide/reserved-topics.html
"""


def check_name(name, limit=128, extra=b":_-", what="thing"):
    """``name`` if AWS would take it for a ``what``: 1 to ``limit`` of a-z A-Z 0-9 and ``extra``; else ValueError."""
    if not isinstance(name, str) or not 0 < len(name) <= limit:
        raise ValueError("%s name: 1 to %d characters" % (what, limit))
    for code in name.encode():
        if not (97 <= code | 32 <= 122 or 48 <= code <= 57 or code in extra):  # a-z A-Z 0-9
            raise ValueError("%s name: %r is not allowed" % (what, chr(code)))
    return name


def endpoint(value, what="endpoint"):
    """``value`` if it may be the name of AWS's host: no URL, no port behind it; else ValueError."""
    host = value.encode("utf-8", "replace") if isinstance(value, str) else b""
    # - . 0-9 A-Z _ a-z
    if b"" in host.split(b".") or [1 for code in host if not 44 < code < 123 or code in b"/:;<=>?@[\\]^`"]:
        raise ValueError("%s: a host name such as xxxx-ats.iot.eu-west-1.amazonaws.com, not %r" % (what, value))
    return value


def port(value):
    """``value`` if it may be a port; else ValueError."""
    if type(value) is not int or not 0 < value < 65536:
        raise ValueError("port: 1 to 65535, not %r" % (value,))
    return value


def shadow(thing, name=None):
    """The prefix of a shadow's topics: classic, or named ``name``."""
    if name is None:
        return "$aws/things/%s/shadow" % check_name(thing)
    return "$aws/things/%s/shadow/name/%s" % (check_name(thing), check_name(name, 64, b"$:_-", "shadow"))


def jobs(thing, *parts):
    """A topic of the thing's jobs: ("notify",), ("get",), ("start-next",), or (job id or "$next", "get" or
    "update").
    """
    return "$aws/things/%s/jobs/%s" % (check_name(thing), "/".join(parts))


def stream(thing, name, *parts):
    """A topic of a file stream: ("get", "cbor"), ("data", "cbor"), ("rejected", "cbor"), the same with "json"."""
    return "$aws/things/%s/streams/%s/%s" % (check_name(thing), check_name(name, 128, b"_-", "stream"), "/".join(parts))
