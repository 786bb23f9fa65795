"""The constructor of Thing. Borrowed for each."""

import aws_iot


def thing(
    client, endpoint, mqtt_id, clicert, pkey, thingname=None, cacert=None,
    *, port=8883, keepalive=60, window=10, shadow_topics=None, **options,
):  # fmt: skip
    """A ``client`` (the class) for a thing, and the other arguments of its Shadow. ValueError for what no thing has."""
    if not endpoint or not isinstance(endpoint, str) or "/" in endpoint:
        raise ValueError("endpoint: a host name such as xxxx-ats.iot.eu-west-1.amazonaws.com")
    if not 0 < keepalive <= 1200:
        # what AWS makes of others, it does not say in CONNACK: it would close before the next PINGREQ
        raise ValueError("keepalive: 1 to 1200 s")
    if not clicert or not pkey:
        raise ValueError("clicert and pkey: the contents of the certificate and of its private key")
    name = thingname or mqtt_id
    prefix = aws_iot.names.shadow(name)
    # before the client, while there is a long piece of the heap: the context takes 1.9 KB of it at once
    context = aws_iot.mqtt.tls.context(clicert, pkey, cacert)
    # not by its constructor, whose arguments and frame are what the smallest heap has not left
    made = object.__new__(client)
    aws_iot.mqtt.prepare.prepare(made, mqtt_id, endpoint, port, None, None, keepalive, True, window=window, **options)
    made.context = context
    made.thingname = name
    return made, name, None, shadow_topics, prefix
