"""The doors to AWS other than MQTT with a certificate. Lent for each Thing that has one.

https://docs.aws.amazon.com/iot/latest/developerguide/protocols.html
"""

import aws_iot

DOORS = ("mqtt", "wss", "https", "https-sigv4")
_FIELDS = ("host", "region", "poll_ms", "role_alias", "credentials")
_DAY_MS = 86400000


def port(name, conf=None):
    """Where the door is: by thing.conf.json, in which ``ports`` may have one for each, or where AWS has it."""
    found = None
    if conf:
        ports = conf.get("ports")
        if not isinstance(ports, (dict, type(None))):
            raise ValueError("ports: {door: port}, not %r" % (ports,))
        found = (ports or conf).get(name if ports else "port")
    if found is None:
        found = 8443 if name == "https" else 443
    return found


def check(name, fields):
    """ValueError for a door ``name`` that AWS has not, and for ``fields`` of one that cannot be; None is none."""
    if name not in DOORS:
        raise ValueError("door: %s, not %r" % (" or ".join(DOORS), name))
    names = aws_iot.names
    if (fields.get("role_alias") is None) != (fields.get("credentials") is None):
        raise ValueError("role_alias and credentials: both, as `thing role-alias create` writes them, or none")
    for each in _FIELDS:
        value = fields.get(each)
        if value is None:
            continue
        if each == "poll_ms":
            if type(value) is not int or not 0 < value <= _DAY_MS:
                raise ValueError("poll_ms: 1 to %d, not %r" % (_DAY_MS, value))
        elif each == "region":
            names.check_name(value, 32, b"-", each)
        elif each == "role_alias":
            names.check_name(value, 128, b"=,@-_", each)
        elif each == "credentials" and isinstance(value, str) and ":" in value:  # with a port
            value, _, number = value.partition(":")
            names.endpoint(value, each)
            names.port(int(number) if number.isdigit() else number)
        else:
            names.endpoint(value, each)


def configured(conf, found=None):
    """Add what thing.conf.json has for a door to the arguments that were ``found`` in it; -> whether the
    certificate is needed: by the door, or to fetch keys. ValueError as check().
    """
    check(conf["door"], conf)
    for name in _FIELDS if found else ():
        found[name] = conf.get(name)
    return conf["door"] == "https" or bool(conf.get("role_alias"))


def open(name, endpoint, options, certified):
    """(door(), its port), by those ``options`` of a Thing that are its own, and are taken out. ``certified``: whether
    certificate and key are there.
    """
    own = {each: options.pop(each) for each in ("keys",) + _FIELDS if each in options}
    fetched = own.get("role_alias") and own.get("keys") is None
    if (name == "https" or fetched) and not certified:
        raise ValueError("certificate and key: the contents of the certificate and of its private key")
    return door(name, endpoint, **own), port(name)


def door(
    name, endpoint, *, keys=None, host=None, region=None, poll_ms=None, role_alias=None, credentials=None
):  # fmt: skip
    """A function that gives the client of a thing of a name its context behind the door ``name``.

    ``keys()`` gives (access key id, secret access key, session token or None), or None while they are not here yet; it
    is asked before each connect, and each call by HTTPS, since keys expire. None: those of ``role_alias``, which the
    credential provider at ``credentials`` gives for the thing's certificate (provider.py). ``region``: that of the
    endpoint's name unless given. ``host``: the server's name where ``endpoint`` is an address. ``poll_ms``: how often a
    shadow is asked for by HTTPS (60,000). ValueError for what no door is.
    """
    given = host, region, poll_ms, role_alias, credentials
    check(name, dict(zip(_FIELDS, given)))
    host = host or endpoint
    if name == "https":  # the one that shows the certificate
        return lambda client, _: aws_iot.web.gateway.Context(client, None, None, host, poll_ms)
    fetched = keys is None and role_alias and credentials
    if not fetched and not callable(keys):
        raise ValueError("keys: a function that gives (access key id, secret access key, session token or None)")
    if region is None:
        region = aws_iot.names.check_name(region_of(host), 32, b"-", "region")

    def context(client, thingname):
        own = keys
        if fetched:
            own = aws_iot.web.provider.Provider(credentials, role_alias, thingname, client.context)
        if name == "wss":
            return aws_iot.web.websocket.WebSocket(client, own, region, host)
        return aws_iot.web.gateway.Context(client, own, region, host, poll_ms)

    return context


def region_of(endpoint):
    """That of a1b2c3-ats.iot.eu-west-1.amazonaws.com; "" of a name that has none."""
    return (endpoint.split(".iot.") + [""])[1].partition(".")[0]
