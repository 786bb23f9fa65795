"""Who takes a topic, once filters have wildcards, overlap, or are both the library's and the application's. Loaded with
the first of these, then kept: messages may come fast.
"""

from hashlib import sha256

from . import ticks_diff

const = int  # mpy-cross folds ``_X = const(n)`` by the name; CPython calls int

_BREATH_MS = const(500)  # in which the copies of a message come
_NAME = const(0)
_HANDLER = const(1)
_RAW = const(2)
_OWN = const(2)
_ALL = const(3)
_STATE = const(3)
_REFUSED = const(2)


def matches(name, topic):
    """True if filter ``name`` takes ``topic``, both str, by AWS's rule: ``a/#`` does not take ``a``.

    https://docs.aws.amazon.com/iot/latest/developerguide/topics.html#topicfilters
    """
    levels, parts = name.split("/"), topic.split("/")
    if levels[0] == "$share":
        levels = levels[2:]
    if topic.startswith("$") and levels[0] in "+#":
        return False
    for index, level in enumerate(levels):
        if level == "#":
            return len(parts) > index
        if index == len(parts) or level != "+" and level != parts[index]:
            return False
    return len(parts) == len(levels)


class Match:
    """The handlers in the order of subscribing, as far as that matters: ``subs`` has [filter, handler, raw, whether it
    gets copies] for each filter with wildcards, and for each other that one of those takes as well, or that has two
    handlers. mqtt/group.py writes it. A topic that is none of these is found in ``subs``, and costs nothing more.
    """

    def __init__(self, client):
        self.client = client
        self.subs = []
        self.topic = None  # the last one; ``found``: who takes it
        self.found = []
        self.entry = [None, self.take, True]  # in place of one of ``subs``
        self.left = 0  # copies of the last message that may still come, ...
        self.digest = b""  # ... which is this one,
        self.count = self.at = 0  # the how manieth, and ticks

    def find(self, topic):
        """What has the place of an entry of ``subs`` for a topic that is not there; false if nobody takes it."""
        if topic != self.topic:
            self.found = [part for part in self.subs if matches(part[_NAME], topic)]
            self.topic = topic
        found = self.found
        return found[0] if len(found) == 1 else found and self.entry

    def take(self, topic, payload):
        """A message that several may take: each handler gets it once."""
        self.find(topic)
        client, found, done, short = self.client, self.found, [], None
        data = bytes(payload)  # what a handler waits for is read into the place of ``payload``
        copy = self._is_copy(found, topic, data)
        # as in a callback: all of user code queues, or what comes while the first of them waits would overtake this
        busy, client.busy = client.busy, True
        for part in found:
            handler = part[_HANDLER] or client.cb
            if handler is None or handler in done or copy and not part[_ALL]:
                continue
            done.append(handler)
            if part[_RAW] == _OWN:
                try:
                    handler(topic, memoryview(data))
                except MemoryError as error:
                    short = error
                except Exception as error:
                    client.report(error)
            elif not part[_HANDLER]:
                client.call(handler, topic.encode(), data)
            else:
                client.call(handler, topic, memoryview(data) if part[_RAW] else data)
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
        names = {part[_NAME] for part in found if client.subs[part[_NAME]][_STATE] != _REFUSED}
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
