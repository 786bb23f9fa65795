"""SUBSCRIBE and UNSUBSCRIBE: one at a time, again after 5 s, and again after a reconnect. Borrowed when needed."""

from . import borrow

const = int  # mpy-cross folds ``_X = const(n)`` by the name; CPython calls int

_LIMIT = const(50)  # on one connection; https://docs.aws.amazon.com/general/latest/gr/iot-core.html
_FILTERS = const(8)  # in one SUBSCRIBE


def subscribe(client, topic, qos, handler, raw):
    """MQTTClient.subscribe."""
    if isinstance(topic, (list, tuple)):  # Zerynth's [[topic, qos], ...]
        for each in topic:
            listen(client, borrow("topics").check_filter(each[0]), each[1], handler, raw)
        settle(client)
        return
    if callable(qos):  # Zerynth's order
        qos, handler = handler or 0, qos
    sub = listen(client, borrow("topics").check_filter(topic), qos, handler, raw)
    settle(client)
    if sub[3] == 2:
        from .errors import Rejected

        raise Rejected(128, "subscription refused: %s" % topic)


def listen(client, name, qos, handler, raw):
    """As subscribe, for a filter that is right; ``settle()`` then asks for eight at a time."""
    if qos not in (0, 1):
        raise ValueError("QoS: AWS has 0 and 1")
    if name not in client.subs and len(client.subs) >= _LIMIT:
        raise ValueError("AWS allows 50 subscriptions on a connection")
    if "+" in name or "#" in name:
        from .wildcards import find

        client.find = find
    client.subs[name] = sub = [qos, handler, raw, 0]
    if name in client.drop:
        client.drop.remove(name)
    return sub


def register(client, names, handler):
    """Ask for those of ``names`` that are new, together; -> which."""
    new = [name for name in names if name not in client.subs]
    for name in new:
        listen(client, name, 1, handler, True)
    advance(client)
    return new


def together(shadow, names):
    """Subscribe to response topics of a shadow, and have it fetched."""
    client = shadow.client
    ready = client.ready
    # one handler for all
    if register(client, [shadow.prefix + name for name in names], shadow.message):
        settle(client)
        if ready:
            shadow.tick(None)


def unsubscribe(client, topic):
    """MQTTClient.unsubscribe."""
    for each in topic if isinstance(topic, (list, tuple)) else (topic,):
        name = borrow("topics").check_filter(each)
        if client.subs.pop(name, None):
            client.drop.append(name)
    if client.drop:
        settle(client)


def settle(client):
    """Ask for what is not subscribed (or unsubscribed) yet, and wait for the answer where that can be."""
    advance(client)
    client.push()
    if client.connected and not client.busy and client.guard is not False:
        if not client.until(lambda: client.ready and not client.asked, 2 * client.timeout_ms):
            from .errors import ResponseTimeout

            raise ResponseTimeout("no SUBACK yet; it goes on being asked for")


def resubscribe(client):
    """Ask for all subscriptions again on this connection."""
    for sub in client.subs.values():
        sub[3] = 0
    advance(client)


def advance(client):
    """Ask for the next subscriptions, or say that all are there."""
    if client.asked or not client.connected:
        return
    if client.drop:
        names = client.drop[:_FILTERS]
        pid = client.next_pid()
        data = borrow("control").unsubscribe(pid, names)
    else:
        names = [name for name, sub in client.subs.items() if not sub[3]][: client.batch]
        if not names:
            if not client.ready:
                client.ready = True
                client.batch = _FILTERS
                client.stage = "ready"  # until timers.py has told the hooks, with less in the heap than here
                client.due = client.ticks()
                if client.tell:
                    client.event("ready")
                client.pump()
            return
        pid = client.next_pid()
        data = borrow("control").subscribe(pid, [(name, client.subs[name][0]) for name in names])
    # with what is asked for: a filter may be subscribed to anew, or given back, before the answer
    client.asked = [pid, names, data, client.ticks(), 1, [client.subs.get(name) for name in names]]
    client.out.append(data)


def answered(client, kind):
    """A packet came that is neither PUBLISH nor PUBACK: SUBACK, UNSUBACK, PINGRESP or a second CONNACK."""
    if kind == 0xD0:
        client.pinged = None
        if client.tell:
            client.event("pingresp")
        return
    asked, codes = client.asked, client.reader.value
    mine = asked and asked[0] == client.reader.pid and (asked[2][0] == 0xA2) == (kind == 0xB0)
    if kind == 0x20 or mine and kind == 0x90 and len(codes) != len(asked[1]):
        from .errors import ProtocolError

        raise ProtocolError("packet 0x%02x" % kind)
    if not mine:
        return  # too late (the answer to a second copy), or never asked for
    client.asked = None
    client.fails = 0
    if client.suspect and client.suspect[0] in [b"#" + name.encode() for name in asked[1]]:  # see loss.py
        client.suspect = None
    if kind == 0xB0:
        for name in asked[1]:
            if name in client.drop:
                client.drop.remove(name)
    else:
        for name, code, sub in zip(asked[1], codes, asked[5]):
            if sub and sub is client.subs.get(name):
                sub[3] = 1 if code < 128 else 2
                if code > 127:
                    from .errors import Rejected

                    client.report(Rejected(code, "subscription refused: " + name))
    advance(client)


def unusual(client, topic, payload):
    """A message that was too large, or that nobody asked for."""
    if payload is None:
        from .errors import StateError

        client.report(StateError("no room for the message on " + topic))
    else:
        if client.tell:
            client.event("data", (topic, bytes(payload)))
