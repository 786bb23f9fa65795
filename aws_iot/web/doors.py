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


def context(door, endpoint, ca, options):
    """What stands in for the TLS context of a Thing behind ``door``, with what it takes out of the ``options``:

    ``keys()`` gives (access key id, secret access key, session token or None), or None while they are not here yet; it
    is asked before each connect, since keys expire. ``region`` is that of the endpoint's name unless given. ``host``
    is the server's name where ``endpoint`` is an address. ValueError for what no door is.
    """
    if door not in DOORS:
        raise ValueError("door: %s, not %r" % (" or ".join(DOORS), door))
    keys, host, region = [options.pop(name, None) for name in ("keys",) + _OPTIONS]
    if not callable(keys):
        raise ValueError("keys: a function that gives (access key id, secret access key, session token or None)")
    host = endpoint if host is None else aws_iot.names.endpoint(host)
    if region is None:
        # a1b2c3-ats.iot.eu-west-1.amazonaws.com
        region = (host.split(".iot.") + [""])[1].partition(".")[0]
    aws_iot.names.check_name(region, 32, b"-", "region")
    return aws_iot.web.websocket.Context(aws_iot.mqtt.tls.context(None, None, ca), keys, region, host)
