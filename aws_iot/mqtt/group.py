"""Filters that have wildcards, meet, or are both the library's and the application's: what wildcards.Match holds. Lent
when subscriptions change, and kept once a topic may be taken by several.
"""

from hashlib import sha256

from .. import ticks_diff
from ..wildcards import Match
from .answers import alone

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


def insert(client, sub, qos):
    """Note ``sub``, [filter, handler, raw, whether it gets copies]; -> (QoS, handler, raw) for its entry of ``subs``.

    The application has one handler for a filter, the newest; the library may have others, and QoS is the higher one.
    """
    found = client.find
    if not found:
        client.find = found = Match()
    name, own, old = sub[_NAME], sub[_RAW] == _OWN, client.subs.get(sub[_NAME])
    found.topic = None  # others take it from now on
    both = old and _OWN in (old[_RAW], sub[_RAW])
    if both:
        qos = max(qos, old[_QOS])
    shared = [join(client, other) for other in client.subs if (match(name, other) if other != name else both)]
    for at in index(found.subs, name):
        each = found.subs[at]
        if (each[_RAW] == _OWN) == own and (not own or each[_HANDLER] == sub[_HANDLER]):
            found.subs[at] = sub
            break
    else:
        if shared or sub[_ALL] or "+" in name or "#" in name or name.startswith("$share/"):
            found.subs.append(sub)
    if not shared:
        return qos, sub[_HANDLER], sub[_RAW]
    return qos, found.entry[_HANDLER], _OWN if own or both else True


def remove(client, name, raw):
    """The application, or with _OWN the library, gives filter ``name`` back; -> whether nobody is left who takes it."""
    found, own = client.find, raw == _OWN
    places = index(found.subs, name)
    if not places:
        return (client.subs[name][_RAW] == _OWN) == own
    found.topic = None
    for at in reversed(places):
        if (found.subs[at][_RAW] == _OWN) == own:
            del found.subs[at]
    if not index(found.subs, name):
        return True
    client.subs[name][_RAW] = True if own else _OWN
    return False


def match(name, topic):
    """Whether there may be a topic that both filters take."""
    levels, others = [each.split("/")[2 if each.startswith("$share/") else 0 :] for each in (name, topic)]
    for level, other in zip(levels, others):
        if "#" in (level, other):
            return True
        if level != other and "+" not in (level, other):
            return False
    return len(levels) == len(others)


def index(subs, name):
    """Where a filter stands."""
    return [at for at, each in enumerate(subs) if each[_NAME] == name]


def join(client, name):
    """Others take the topics of a filter as well."""
    found, sub = client.find, client.subs[name]
    if not found.entry:
        found.entry = [None, group(client), True]
    if not index(found.subs, name):
        found.subs.append([name, sub[_HANDLER], sub[_RAW], False])
    sub[_HANDLER] = found.entry[_HANDLER]
    sub[_RAW] = sub[_RAW] or True
    return True


def group(client):
    """The handler of topics that several may take: each of these gets a message once."""
    last = None  # a message,
    count = at = left = 0  # the how manieth it was, when it came, and the copies of it that may still come

    def copy(subs, topic, data):
        """Whether the broker has sent this message for another of the filters just now."""
        nonlocal last, count, at, left
        names = {sub[_NAME] for sub in subs if client.subs[sub[_NAME]][_STATE] != _REFUSED}
        if not left and len(names) < 2:
            return False
        now, before, number = client.ticks(), left, client.stats["received"]
        digest = sha256(topic.encode())
        digest.update(data)
        digest = digest.digest()
        if left and number == count + 1 and digest == last and 0 <= ticks_diff(now, at) <= _BREATH_MS:
            left -= 1
        else:
            before, left, last, at = 0, len(names) - 1, digest, now
        count = number
        return before > 0

    def take(topic, payload):
        client.find.find(topic)
        subs, done, short = client.find.group, [], None
        data = bytes(payload)  # what a handler waits for is read into the place of ``payload``
        again = copy(subs, topic, data)
        for sub in subs:
            handler = sub[_HANDLER] or client.cb
            if handler is None or handler in done or again and not sub[_ALL]:
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
        if short:
            raise short
        if client.tell and not done and not again:
            client.call(client.tell, "data", (topic, data))

    # all of user code queues, or what comes while the first of them waits would overtake this
    return alone(client, take)
