"""What AWS takes as a document, looked at before it is sent or remembered: AWS names no member when it refuses one, and
takes nothing of what came with it. Lent to whoever is given one.

https://docs.aws.amazon.com/general/latest/gr/iot-core.html#device-shadow-limits
"""

from . import BytesIO, dump

const = int  # mpy-cross folds ``_X = const(n)`` by the name; CPython calls int

_LEVELS = const(8)  # of a shadow; the first member below reported is on the first
_SURROGATE = const(0xA0)  # the lowest byte that follows 0xED in half of a surrogate pair, U+D800 to U+DFFF


def state(given):
    """ValueError for what is no state of a shadow, by the name of the member."""
    if not isinstance(given, dict):
        raise ValueError("no JSON object (dict): %r" % (given,))
    verify(given, _LEVELS)


def update(reported, desired, version, size_bytes):
    """The document of an update of a shadow. ValueError for what AWS would refuse, and without either state."""
    states = {}
    for key, value in (("reported", reported), ("desired", desired)):
        if value is not None:
            state(value)
            limit(value, size_bytes)
            states[key] = value
    if not states:
        raise ValueError("reported or desired is needed")
    return {"state": states} if version is None else {"state": states, "version": version}


def limit(given, size_bytes):
    """ValueError for a state of more than ``size_bytes``, by the name of its largest member."""
    if _bytes(given) > size_bytes:
        size, name = max([(_bytes(given[name]), name) for name in given])
        raise ValueError("state: over %d bytes as JSON, %d of them in %s" % (size_bytes, size, name))


def _bytes(value):
    stream = BytesIO()
    dump(value, stream, separators=(",", ":"))  # type: ignore[call-overload]  # by name
    return stream.tell()


def verify(document, levels=-1):
    """ValueError for what is no JSON, by the name of the member; for more ``levels`` of members too, unless -1."""
    try:
        trouble = _trouble(document, levels)
    except RuntimeError:
        trouble = ": a member that holds itself, or has too many levels"
    if trouble:
        raise ValueError(trouble[1:] if trouble[0] == "." else "document" + trouble)


def _trouble(value, left):
    """What is no JSON of ``value``: its path below and the words, or None. No text is made while all is well."""
    kind = type(value)
    if kind is int or kind is bool or value is None:
        return None
    if kind is str or kind is bytes:
        return None if _utf8(value) else ": it is no UTF-8"
    if kind is float:
        return None if value - value == 0 else ": %s is no number in JSON" % value
    trouble = None
    if isinstance(value, dict):
        if value and not left:
            return ": it has members on more than %d levels" % _LEVELS
        for key in value:
            if not isinstance(key, str):
                return ": a name that is no text: %r" % (key,)
            if not _utf8(key):
                return ": a name that is no UTF-8: %r" % (key,)
            trouble = _trouble(value[key], left - 1)
            if trouble:
                return ".%s%s" % (key, trouble)
    elif kind is list or kind is tuple:
        for at, each in enumerate(value):
            trouble = _trouble(each, left)
            if trouble:
                return "[%d]%s" % (at, trouble)
    elif not isinstance(value, (str, int, float)):  # of a class of its own, as an enumeration is
        return ": %s is no JSON" % kind.__name__
    return None


def _utf8(value):
    try:
        data = value if type(value) is bytes else value.encode()
        if len(str(data, "utf-8")) == len(data):
            return True
    except UnicodeError:
        return False
    at = data.find(b"\xed")
    while at >= 0:
        if data[at + 1] >= _SURROGATE:  # MicroPython lets them pass
            return False
        at = data.find(b"\xed", at + 1)
    return True


def levels(value):
    """On how many levels a document has members."""
    if isinstance(value, dict):
        return 1 + max([levels(each) for each in value.values()]) if value else 0
    return max([levels(each) for each in value] or [0]) if isinstance(value, (list, tuple)) else 0
