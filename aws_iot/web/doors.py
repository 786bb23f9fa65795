"""The doors to AWS other than MQTT with a certificate. Lent for each Thing that has one.

https://docs.aws.amazon.com/iot/latest/developerguide/protocols.html
"""

import aws_iot

DOORS = ("mqtt", "wss")
_OPTIONS = ("host", "region")


def configured(conf, found):
    """Add the options that thing.conf.json has for a door to those that were ``found`` in it."""
    for name in _OPTIONS:
        found[name] = conf.get(name)


def door(name, endpoint, options):
    """A function that gives a client its context behind the door ``name``. Out of the ``options`` it takes

    ``keys()``, which gives (access key id, secret access key, session token or None), or None while they are not here
    yet; it is asked before each connect, since keys expire; ``region``, that of the endpoint's name unless given;
    ``host``, the server's name where ``endpoint`` is an address. ValueError for what no door is.
    """
    if name not in DOORS:
        raise ValueError("door: %s, not %r" % (" or ".join(DOORS), name))
    keys, host, region = [options.pop(each, None) for each in ("keys",) + _OPTIONS]
    if not callable(keys):
        raise ValueError("keys: a function that gives (access key id, secret access key, session token or None)")
    host = endpoint if host is None else aws_iot.names.endpoint(host)
    if region is None:
        # a1b2c3-ats.iot.eu-west-1.amazonaws.com
        region = (host.split(".iot.") + [""])[1].partition(".")[0]
    aws_iot.names.check_name(region, 32, b"-", "region")
    return lambda client: aws_iot.web.websocket.Context(client, keys, region, host)
