"""The constructor of Thing. Lent for each."""

import aws_iot


def thing(
    client, endpoint, client_id=None, certificate=None, key=None, thingname=None, ca=None,
    *, port=None, keepalive=60, window=10, shadow_topics=None, limit_bytes=8192, cacert=None, door="mqtt", **options,
):  # fmt: skip
    """A ``client`` (the class) for a thing, and the other arguments of its Shadow. ValueError for what no thing has."""
    aws_iot.names.endpoint(endpoint)
    open, own_port = None, 8883
    if door != "mqtt":
        open, own_port = aws_iot.web.door.open(door, endpoint, options, certificate and key)
    if port is None:
        port = own_port
    aws_iot.names.port(port)
    if not 0 < keepalive <= 1200:
        # what AWS makes of others, it does not say in CONNACK: it would close before the next PINGREQ
        raise ValueError("keepalive: 1 to 1200 s")
    if not open and (not certificate or not key):
        raise ValueError("certificate and key: the contents of the certificate and of its private key")
    name = client_id if thingname is None else thingname
    prefix = aws_iot.names.shadow(name)
    # before the client, while there is a long piece of the heap: the context takes 1.9 KB of it at once
    context = aws_iot.mqtt.tls.context(certificate, key, cacert if ca is None else ca)
    # not by its constructor, whose arguments and frame are what the smallest heap has not left
    made = object.__new__(client)
    aws_iot.mqtt.prepare.prepare(made, client_id, endpoint, port, None, None, keepalive, True, window=window, **options)
    made.context = context
    if open:
        made.context = open(made, name)
    return made, name, None, shadow_topics, prefix, limit_bytes
