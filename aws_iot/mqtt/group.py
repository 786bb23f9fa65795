"""Filters that have wildcards, meet, or are both the library's and the application's: what wildcards.Match holds. Lent
when subscriptions change, and kept once a topic may be taken by several.
"""

from hashlib import sha256

from .. import ticks_diff
from ..wildcards import Match

const = int  # mpy-cross folds ``_X = const(n)`` by the name; CPython calls int

_BREATH_MS = const(500)  # in which the copies of a message come
_QOS = const(0)
_NAME = const(0)  # of what a Match holds
_HANDLER = const(1)
_RAW = const(2)
_ALL = const(3)
_OWN = const(2)
_STATE = const(3)
_REFUSED = const(2)


def insert(client, new, qos):
    """Note ``new``, [filter, handler, raw, whether it gets copies]; -> (QoS, handler, raw) for its entry of ``subs``.

    The application has one handler for a filter, the newest; the library may have others, and QoS is the higher one.
    """
    match = client.find
    if not match:
        client.find = match = Match()
    name, own, old = new[_NAME], new[_RAW] == _OWN, client.subs.get(new[_NAME])
    match.topic = None  # others take it from now on
    both = old and _OWN in (old[_RAW], new[_RAW])
    if both:
        qos = max(qos, old[_QOS])
    shared = [_share(client, match, other, sub) for other, sub in client.subs.items()
              if (meets(name, other) if other != name else both)]  # fmt: skip
    for at in _at(match, name):
        each = match.subs[at]
        if (each[_RAW] == _OWN) == own and (not own or each[_HANDLER] == new[_HANDLER]):
            match.subs[at] = new
            break
    else:
        if shared or new[_ALL] or "+" in name or "#" in name or name.startswith("$share/"):
            match.subs.append(new)
    if not shared:
        return qos, new[_HANDLER], new[_RAW]
    return qos, match.entry[_HANDLER], _OWN if own or both else True


def remove(client, name, raw):
    """The application, or with _OWN the library, gives filter ``name`` back; -> whether nobody is left who takes it."""
    match, own = client.find, raw == _OWN
    places = _at(match, name)
    if not places:
        return (client.subs[name][_RAW] == _OWN) == own
    match.topic = None
    for at in reversed(places):
        if (match.subs[at][_RAW] == _OWN) == own:
            del match.subs[at]
    if not _at(match, name):
        return True
    client.subs[name][_RAW] = True if own else _OWN
    return False


def meets(name, other):
    """Whether there may be a topic that both filters take."""
    levels, others = [each.split("/")[2 if each.startswith("$share/") else 0 :] for each in (name, other)]
    for level, another in zip(levels, others):
        if "#" in (level, another):
            return True
        if level != another and "+" not in (level, another):
            return False
    return len(levels) == len(others)


def _at(match, name):
    return [at for at, each in enumerate(match.subs) if each[_NAME] == name]


def _share(client, match, name, sub):
    """Others take the topics of a filter as well."""
    if not match.entry:
        match.entry = [None, Several(client, match).take, True]
    if not _at(match, name):
        match.subs.append([name, sub[_HANDLER], sub[_RAW], False])
    sub[_HANDLER] = match.entry[_HANDLER]
    sub[_RAW] = sub[_RAW] or True


class Several:
    """The handlers of a Match, where more than one may take a message."""

    def __init__(self, client, match):
        self.client = client
        self.match = match
        self.left = 0  # copies of the last message that may still come, ...
        self.digest = b""  # ... which is this one,
        self.count = self.at = 0  # the how manieth, and ticks

    def take(self, topic, payload):
        """Each handler gets a message once."""
        self.match.find(topic)
        client, found, done, short = self.client, self.match.found, [], None
        data = bytes(payload)  # what a handler waits for is read into the place of ``payload``
        copy = self._is_copy(found, topic, data)
        # as in a callback: all of user code queues, or what comes while the first of them waits would overtake this
        busy, client.busy = client.busy, True
        for sub in found:
            handler = sub[_HANDLER] or client.cb
            if handler is None or handler in done or copy and not sub[_ALL]:
                continue
            done.append(handler)
            if sub[_RAW] == _OWN:
                try:
                    handler(topic, memoryview(data))
                except MemoryError as error:
                    short = error
                except Exception as error:
                    client.report(error)
            elif not sub[_HANDLER]:
                client.call(handler, topic.encode(), data)
            else:
                client.call(handler, topic, memoryview(data) if sub[_RAW] else data)
        client.busy = busy
        if client.later and not busy:
            function, args = client.later.pop(0)
            client.call(function, *args)
        if short:
            raise short
        if client.tell and not done and not copy:
            client.call(client.tell, "data", (topic, data))

    def _is_copy(self, found, topic, data):
        """Whether the broker has sent this message for another of the filters just now."""
        client, left = self.client, self.left
        names = {sub[_NAME] for sub in found if client.subs[sub[_NAME]][_STATE] != _REFUSED}
        self.left = 0
        if not left and len(names) < 2:
            return False
        now, count = client.ticks(), client.stats["received"]
        digest = sha256(topic.encode())
        digest.update(data)
        digest = digest.digest()
        if (
            left and count == self.count + 1 and digest == self.digest
            and 0 <= ticks_diff(now, self.at) <= _BREATH_MS
        ):  # fmt: skip
            self.left = left - 1
        else:
            left = 0
            self.left, self.digest, self.at = len(names) - 1, digest, now
        self.count = count
        return left > 0
