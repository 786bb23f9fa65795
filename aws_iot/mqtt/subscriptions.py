"""What is subscribed to. Lent when that changes; subscribe.py asks the broker for it."""

import aws_iot

const = int  # mpy-cross folds ``_X = const(n)`` by the name; CPython calls int

_HANDLER = const(1)
_RAW = const(2)
_STATE = const(3)
_OWN = const(2)  # in place of ``raw``: a handler of the library, which the application neither takes away nor replaces
_ASK = const(0)
_REFUSED = const(2)
_LIMIT = const(50)  # on one connection; https://docs.aws.amazon.com/general/latest/gr/iot-core.html


def subscribe(client, topic, qos, handler, raw, copies=False):
    """MQTTClient.subscribe."""
    if callable(qos):  # Zerynth's order
        qos, handler = handler or 0, qos
    if raw and raw != _OWN and handler:
        from .answers import alone

        handler = alone(client, handler)
    if isinstance(topic, (list, tuple)):  # Zerynth's [[topic, qos], ...]
        for each in topic:
            listen(client, aws_iot.topics.check_filter(each[0]), each[1], handler, raw, copies)
        settle(client)
        return
    sub = listen(client, aws_iot.topics.check_filter(topic), qos, handler, raw, copies)
    settle(client)
    if sub[_STATE] == _REFUSED:
        from ..errors import Rejected

        raise Rejected(128, "subscription refused: %s" % topic)


def listen(client, name, qos, handler, raw, copies=False):
    """As subscribe, for a filter that is right; ``settle()`` then asks for eight at a time."""
    if qos not in (0, 1):
        raise ValueError("QoS: AWS has 0 and 1")
    refuse = getattr(client.context, "refuse", None)
    if refuse:  # of a door by which not all can be subscribed to
        refuse(name)
    subs = client.subs
    old = subs.get(name)
    if not old and len(subs) >= _LIMIT:
        raise ValueError("AWS allows 50 subscriptions on a connection")
    if (
        client.find or copies or "+" in name or "#" in name or name.startswith("$share/")
        or old and _OWN in (raw, old[_RAW])
    ):  # fmt: skip
        qos, handler, raw = aws_iot.mqtt.group.insert(client, [name, handler, raw, copies], qos)
    subs[name] = sub = [qos, handler, raw, _ASK]
    if name in client.drop:
        client.drop.remove(name)
    return sub


def register(client, names, handler):
    """Have ``handler``, the library's own, take these topics: ask for those that it does not take yet; -> which."""
    new = []
    for name in names:
        sub = client.subs.get(name)
        if not sub or sub[_HANDLER] != handler and (
            not client.find or [name, handler, _OWN, False] not in client.find.subs
        ):  # fmt: skip
            new.append(name)
    for name in new:
        listen(client, name, 1, handler, _OWN)
    if client.connected:
        aws_iot.mqtt.subscribe.advance(client)
    return new


def join(shadow, names):
    """Subscribe to response topics of a shadow, and have it fetched."""
    client = shadow.client
    ready = client.ready
    # one handler for all
    if register(client, [shadow.prefix + name for name in names], shadow.message):
        settle(client)
        if ready and not shadow.tries:  # else it was asked for after this very connect
            shadow.tick(None)


def unsubscribe(client, topic, raw=False):
    """MQTTClient.unsubscribe; with _OWN for ``raw`` the library gives back what it took."""
    for each in topic if isinstance(topic, (list, tuple)) else (topic,):
        name = aws_iot.topics.check_filter(each)
        sub = client.subs.get(name)
        if sub and (
            aws_iot.mqtt.group.remove(client, name, raw) if client.find else (sub[_RAW] == _OWN) == (raw == _OWN)
        ):  # fmt: skip
            del client.subs[name]
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

            why = client.cause if client.fails else "the connection is up"
            raise ResponseTimeout("no SUBACK yet (%s); it goes on being asked for" % why)


def unusual(client, topic, payload):
    """A message that was too large, or that nobody asked for."""
    if payload is None:
        aws_iot.mqtt.unusual.lost(client, topic, client.reader.value)
        for sender in client.senders:
            sender.lost(topic)
    elif client.tell:
        client.call(client.tell, "data", (topic, bytes(payload)))
