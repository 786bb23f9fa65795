"""Filters with wildcards (pure). Loaded with the first of them, then kept: messages may come fast."""

const = int  # mpy-cross folds ``_X = const(n)`` by the name; CPython calls int

_NAME = const(0)


def match(name, topic):
    """True if filter ``name`` takes ``topic``, both str, by AWS's rule: ``a/#`` does not take ``a``.

    https://docs.aws.amazon.com/iot/latest/developerguide/topics.html#topicfilters
    """
    levels, parts = name.split("/"), topic.split("/")
    if name.startswith("$share/"):
        levels = levels[2:]
    if topic[:1] == "$" and levels[0] in ("+", "#"):
        return False
    for index, level in enumerate(levels):
        if level == "#":
            return len(parts) > index
        if index == len(parts) or level != "+" and level != parts[index]:
            return False
    return len(parts) == len(levels)


class Match:
    """Who takes a topic that is not itself in ``subs`` of a client. mqtt/group.py writes the fields.

    ``subs``: [filter, handler, raw, whether it gets copies] of each filter with wildcards, and of each other that meets
    one of these or has two handlers, in the order of subscribing; ``group``: those that take ``topic``, the last one.
    ``entry`` is where there are several.
    """

    entry = topic = None

    def __init__(self):
        self.subs = []

    def find(self, topic):
        """What has the place of an entry of the client's ``subs``; false if nobody takes the topic."""
        if topic != self.topic:
            self.group = [sub for sub in self.subs if match(sub[_NAME], topic)]
            self.topic = topic
        group = self.group
        return group[0] if len(group) == 1 else group and self.entry
