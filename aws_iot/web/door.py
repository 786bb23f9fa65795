"""The doors to AWS other than MQTT with a certificate. Lent for each Thing that has one.

https://docs.aws.amazon.com/iot/latest/developerguide/protocols.html
"""

import aws_iot

DOORS = ("mqtt", "wss")
_FIELDS = ("host", "region")


def configured(conf, found):
    """Add what thing.conf.json has for a door to the arguments that were ``found`` in it."""
    for name in _FIELDS:
        found[name] = conf.get(name)


def open(name, endpoint, options):
    """door(), by those ``options`` of a Thing that are its own, and are taken out."""
    own = {each: options.pop(each) for each in ("keys",) + _FIELDS if each in options}
    return door(name, endpoint, **own)


def door(name, endpoint, *, keys=None, host=None, region=None):
    """A function that gives a client its context behind the door ``name``.

    ``keys()`` gives (access key id, secret access key, session token or None), or None while they are not here yet; it
    is asked before each connect, since keys expire. ``region``: that of the endpoint's name unless given. ``host``:
    the server's name where ``endpoint`` is an address. ValueError for what no door is.
    """
    if name not in DOORS:
        raise ValueError("door: %s, not %r" % (" or ".join(DOORS), name))
    if not callable(keys):
        raise ValueError("keys: a function that gives (access key id, secret access key, session token or None)")
    host = endpoint if host is None else aws_iot.names.endpoint(host)
    if region is None:
        # a1b2c3-ats.iot.eu-west-1.amazonaws.com
        region = (host.split(".iot.") + [""])[1].partition(".")[0]
    aws_iot.names.check_name(region, 32, b"-", "region")
    return lambda client: aws_iot.web.websocket.Context(client, keys, region, host)
