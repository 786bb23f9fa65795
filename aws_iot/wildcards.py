"""Filters with wildcards (pure). Loaded with the first of them, then kept: messages may come fast."""


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


def find(subs, topic):
    """The value of the first filter in the dict ``subs`` that takes ``topic``, or None."""
    for name, sub in subs.items():
        if matches(name, topic):
            return sub
    return None
