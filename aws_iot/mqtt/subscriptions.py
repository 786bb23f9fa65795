"""What is subscribed to. Lent when that changes; subscribe.py asks the broker for it."""

import aws_iot

const = int  # mpy-cross folds ``_X = const(n)`` by the name; CPython calls int

_STATE = const(3)
_ASK = const(0)
_REFUSED = const(2)
_LIMIT = const(50)  # on one connection; https://docs.aws.amazon.com/general/latest/gr/iot-core.html


def subscribe(client, topic, qos, handler, raw):
    """MQTTClient.subscribe."""
    if callable(qos):  # Zerynth's order
        qos, handler = handler or 0, qos
    if raw and handler:
        from .answers import alone

        handler = alone(client, handler)
    if isinstance(topic, (list, tuple)):  # Zerynth's [[topic, qos], ...]
        for each in topic:
            listen(client, aws_iot.topics.check_filter(each[0]), each[1], handler, raw)
        settle(client)
        return
    sub = listen(client, aws_iot.topics.check_filter(topic), qos, handler, raw)
    settle(client)
    if sub[_STATE] == _REFUSED:
        from ..errors import Rejected

        raise Rejected(128, "subscription refused: %s" % topic)


def listen(client, name, qos, handler, raw):
    """As subscribe, for a filter that is right; ``settle()`` then asks for eight at a time."""
    if qos not in (0, 1):
        raise ValueError("QoS: AWS has 0 and 1")
    if name not in client.subs and len(client.subs) >= _LIMIT:
        raise ValueError("AWS allows 50 subscriptions on a connection")
    if "+" in name or "#" in name or name.startswith("$share/"):
        from ..wildcards import find

        client.find = find
    client.subs[name] = sub = [qos, handler, raw, _ASK]
    if name in client.drop:
        client.drop.remove(name)
    return sub


def register(client, names, handler):
    """Ask for those of ``names`` that are new, together; -> which."""
    new = [name for name in names if name not in client.subs]
    for name in new:
        listen(client, name, 1, handler, True)
    if client.connected:
        aws_iot.mqtt.subscribe.advance(client)
    return new


def together(shadow, names):
    """Subscribe to response topics of a shadow, and have it fetched."""
    client = shadow.client
    ready = client.ready
    # one handler for all
    if register(client, [shadow.prefix + name for name in names], shadow.message):
        settle(client)
        if ready and not shadow.tries:  # else it was asked for after this very connect
            shadow.tick(None)


def unsubscribe(client, topic):
    """MQTTClient.unsubscribe."""
    for each in topic if isinstance(topic, (list, tuple)) else (topic,):
        name = aws_iot.topics.check_filter(each)
        if client.subs.pop(name, None):
            client.drop.append(name)
    if client.drop:
        settle(client)


def settle(client):
    """Ask for what is not subscribed (or unsubscribed) yet, and wait for the answer where that can be."""
    if client.connected:
        aws_iot.mqtt.subscribe.advance(client)
    client.push()
    if client.connected and not client.busy and not client.coro:
        if not client.until(lambda: client.ready and not client.asked):
            from ..errors import ResponseTimeout

            raise ResponseTimeout("no SUBACK yet; it goes on being asked for")


def unusual(client, topic, payload):
    """A message that was too large, or that nobody asked for."""
    if payload is None:
        aws_iot.mqtt.oversize.lost(client, topic, client.reader.value)
        for sender in client.senders:
            sender.lost(topic)
    elif client.tell:
        client.call(client.tell, "data", (topic, bytes(payload)))
