"""Who is put into a Match (wildcards.py), and taken out. Lent when subscriptions change, once there is one of these."""

from ..wildcards import Match, matches

const = int  # mpy-cross folds ``_X = const(n)`` by the name; CPython calls int

_QOS = const(0)
_NAME = const(0)  # of a part
_HANDLER = const(1)
_RAW = const(2)
_ALL = const(3)
_OWN = const(2)


def insert(client, part, qos):
    """Note ``part``, [filter, handler, raw, whether it gets copies]; -> (QoS, handler, raw) for its entry of ``subs``.

    The application has one handler for a filter, the newest; the library may have others, and QoS is the higher one.
    """
    match = client.find
    if not match:
        client.find = match = Match(client)
    parts, name, own = match.subs, part[_NAME], part[_RAW] == _OWN
    match.topic = None  # others take it from now on
    old = client.subs.get(name)
    wild = "+" in name or "#" in name or name.startswith("$share/")
    if wild:
        known = [each[_NAME] for each in parts]
        for other, sub in client.subs.items():
            if other not in known and matches(name, other):
                _move(match, other, sub)
    elif old and _OWN in (old[_RAW], part[_RAW]) and not _at(parts, name):
        _move(match, name, old)
    both = old and _OWN in (old[_RAW], part[_RAW])
    if both:
        qos = max(qos, old[_QOS])
    for at in _at(parts, name):
        each = parts[at]
        if (each[_RAW] == _OWN) == own and (not own or each[_HANDLER] == part[_HANDLER]):
            parts[at] = part
            break
    else:
        if not (wild or both or part[_ALL] or [1 for each in parts if matches(each[_NAME], name)]):
            return qos, part[_HANDLER], part[_RAW]
        parts.append(part)
    return qos, match.take, _OWN if own or both else True


def remove(client, name, raw):
    """The application, or with _OWN the library, gives filter ``name`` back; -> whether nobody is left who takes it."""
    match, own = client.find, raw == _OWN
    places = _at(match.subs, name)
    if not places:
        return (client.subs[name][_RAW] == _OWN) == own
    match.topic = None
    for at in reversed(places):
        if (match.subs[at][_RAW] == _OWN) == own:
            del match.subs[at]
    if not _at(match.subs, name):
        return True
    client.subs[name][_RAW] = True if own else _OWN
    return False


def _at(parts, name):
    return [at for at, each in enumerate(parts) if each[_NAME] == name]


def _move(match, name, sub):
    """What took its topic alone does no longer."""
    match.subs.append([name, sub[_HANDLER], sub[_RAW], False])
    sub[_HANDLER] = match.take
    sub[_RAW] = sub[_RAW] or True
