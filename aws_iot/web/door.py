"""The doors to AWS other than MQTT with a certificate. Lent for each Thing that has one.

https://docs.aws.amazon.com/iot/latest/developerguide/protocols.html
"""

import aws_iot

DOORS = ("mqtt", "wss", "https", "https-sigv4")
_FIELDS = ("host", "region", "poll_ms")
_CERTIFICATE = "https"  # the one of these that shows it


def port(name):
    """Where AWS has the door."""
    return 8443 if name == _CERTIFICATE else 443


def configured(conf, found=None):
    """Add what thing.conf.json has for a door to the arguments that were ``found`` in it; -> whether the door shows
    the certificate.
    """
    for name in _FIELDS if found else ():
        found[name] = conf.get(name)
    return conf["door"] == _CERTIFICATE


def open(name, endpoint, options, certified):
    """(door(), its port), by those ``options`` of a Thing that are its own, and are taken out. ``certified``: whether
    certificate and key are there.
    """
    own = {each: options.pop(each) for each in ("keys",) + _FIELDS if each in options}
    if name == _CERTIFICATE and not certified:
        raise ValueError("certificate and key: the contents of the certificate and of its private key")
    return door(name, endpoint, **own), port(name)


def door(name, endpoint, *, keys=None, host=None, region=None, poll_ms=None):
    """A function that gives a client its context behind the door ``name``.

    ``keys()`` gives (access key id, secret access key, session token or None), or None while they are not here yet; it
    is asked before each connect, and each call by HTTPS, since keys expire. ``region``: that of the endpoint's name
    unless given. ``host``: the server's name where ``endpoint`` is an address. ``poll_ms``: how often a shadow is asked
    for by HTTPS (60,000). ValueError for what no door is.
    """
    if name not in DOORS:
        raise ValueError("door: %s, not %r" % (" or ".join(DOORS), name))
    host = endpoint if host is None else aws_iot.names.endpoint(host)
    if name == _CERTIFICATE:
        return lambda client: aws_iot.web.gateway.Context(client, None, None, host, poll_ms)
    if not callable(keys):
        raise ValueError("keys: a function that gives (access key id, secret access key, session token or None)")
    if region is None:
        # a1b2c3-ats.iot.eu-west-1.amazonaws.com
        region = (host.split(".iot.") + [""])[1].partition(".")[0]
    aws_iot.names.check_name(region, 32, b"-", "region")
    if name == "wss":
        return lambda client: aws_iot.web.websocket.Context(client, keys, region, host)
    return lambda client: aws_iot.web.gateway.Context(client, keys, region, host, poll_ms)
