"""The order of versions as people write them, the same on boards and in the host tools (pure)."""

const = int  # mpy-cross folds ``_X = const(n)`` by the name; CPython calls int

_CHARS = const(64)
_RELEASE = const(4)


def newer(version, old):
    """True if ``version`` is higher than ``old``; ValueError for one that has no place in the order."""
    return order(version) > order(old)


def matches(version, old):
    """True if both are the same version, however they are written."""
    try:
        return order(version) == order(old)
    except ValueError:
        return str(version) == str(old)


def order(version):
    """What places ``version`` among others, to be compared.

    1.10 > 1.9; v1.2 = 1.2.0; 1.0 > 1.0rc2 > 1.0-rc.1 > 1.0-beta > 1.0a3 > 1.0.dev1; 2024-05-01 is 2024.5.1; as git
    describe says it, v1.0-3-g1a2b3c is three commits after 1.0, and with -dirty behind that. What follows + does not
    count. ValueError for what might be before or after others: 1.0-2, 1.0k, a branch or a commit.
    """
    text = str(version).lower().partition("+")[0]
    dirty = text.encode().endswith(b"-dirty")  # as bytes, since MicroPython keeps each short text for ever
    if dirty:
        text = text[:-6]
    text, commits = tail(text[1:] if text.startswith("v") else text)
    parts = _parse(text) if 0 < len(text) <= _CHARS else []
    date = len(parts) == 3 and len(parts[0][1]) == 4 and parts[1][0] == parts[2][0] == "-"
    numbers, kind = [], [_RELEASE, 0]
    for index in range(len(parts)):
        mark, word = parts[index]
        if kind[0] != _RELEASE:  # only its number may follow
            if index < len(parts) - 1 or not word.isdigit():
                refuse(version)
            kind[1] = int(word)
        elif numbers and stage(word) is not None:
            kind[0] = stage(word)
        elif word.isdigit() and mark == ("." if index and not date else "-" if index else ""):
            numbers.append(int(word))
        else:
            refuse(version)
    if not parts:
        refuse(version)
    while numbers and not numbers[-1]:
        numbers.pop()
    return numbers, kind, commits, dirty


def tail(text):
    """``text`` without the commit behind it, and the number of commits since its tag, as git describe counts them."""
    head, mark, commit = text.rpartition("g")
    if not head or not commit or commit.strip("0123456789abcdef"):
        return text, 0
    if head.endswith("."):  # as MicroPython names its builds: 1.27.0-preview.5.g1a2b3c
        return head[:-1], 0
    tag, mark, count = head[:-1].rpartition("-")
    if not head.endswith("-") or not tag or not count.isdigit():
        return text, 0
    return tag, int(count)


def stage(name):
    """The place of a word before or after the release, or None."""
    # PEP 440's words, and semver's, each behind its place. One text, since MicroPython keeps each short one for ever
    places = " 0dev 1a 1alpha 2b 2beta 3c 3rc 3pre 3preview 5post "
    at = -1 if name.isdigit() else places.find(name + " ")
    while at > 0 and not places[at - 1 : at].isdigit():
        at = places.find(name + " ", at + 1)
    return int(places[at - 1 : at]) if at > 0 else None


def _parse(text):
    """The runs of digits and of letters, each with the mark before it; none when there is anything else."""
    data, parts, at = text.encode(), [], 0  # by bytes: MicroPython keeps each letter that a loop over a text meets
    while at < len(data):
        begin = at
        if data[at] in b"-._":
            at += 1
        end = at
        while end < len(data) and (48 <= data[end] <= 57 or 97 <= data[end] <= 122):
            if (data[end] < 58) != (data[at] < 58):
                break
            end += 1
        if end == at:
            return []
        parts.append((text[begin:at], text[at:end]))
        at = end
    return parts


def refuse(version):
    raise ValueError(
        "version %s is neither before nor after others: write 1.2.3, 1.3.0-rc1, 2024-05-01, or as git describe"
        % str(version)[:_CHARS]
    )
