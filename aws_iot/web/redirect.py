"""Where a redirect leads (RFC 9110 section 10.2.2, RFC 3986 section 5.2; pure). Lent for one."""


def resolve(base, target):
    """Where ``target``, a Location, leads from the URL ``base`` (RFC 9110 section 10.2.2, RFC 3986 section 5.2)."""
    colon = target.find(":")
    if colon > 0 and not [mark for mark in "/?#" if -1 < target.find(mark) < colon]:
        return target
    scheme, _, rest = base.partition("#")[0].partition("://")
    if target[:2] == "//":
        return scheme + ":" + target
    place, mark, query = rest.partition("?")
    host, _, path = place.partition("/")
    path, query = "/" + path, mark + query
    if target[:1] == "?":
        query = target
    elif target[:1] != "#":
        given, mark, query = target.partition("#")[0].partition("?")
        query = mark + query
        path = _dotless(given if given[:1] == "/" else path[: path.rfind("/") + 1] + given)
    return scheme + "://" + host + path + query


def _dotless(path):
    """``path`` without the steps . and .. (RFC 3986 section 5.2.4)."""
    steps = []
    for step in path.split("/")[1:]:
        if step == "..":
            del steps[-1:]
        elif step != ".":
            steps.append(step)
    if path.split("/")[-1] in (".", ".."):
        steps.append("")
    return "/" + "/".join(steps)
