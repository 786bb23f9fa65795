"""SUBSCRIBE and UNSUBSCRIBE: one at a time, again after 5 s, and again after a reconnect. Lent when needed.

What subscriptions.py has made is asked for here, and here alone the state of a subscription changes.
"""

import aws_iot

const = int  # mpy-cross folds ``_X = const(n)`` by the name; CPython calls int

_BATCH = const(8)  # filters in one SUBSCRIBE
_IDS = const(32767)  # as in unusual.py
_QOS = const(0)
_STATE = const(3)
_ASK = const(0)
_GRANTED = const(1)
_REFUSED = const(2)
_WHAT = const(0)  # of ``suspect``
_PID = const(0)
_PACKET = const(1)
_FILTERS = const(4)
_SUBS = const(5)


def again(client, names=None):
    """Ask for these filters again; else for all that were granted, since the broker has no session."""
    if names is None:
        names = [name for name, sub in client.subs.items() if sub[_STATE] == _GRANTED]
    for name in names:
        client.subs[name][_STATE] = _ASK
    advance(client)


def refuse(client, name):
    """Do not ask for this filter: the server closes the connection when asked."""
    client.subs[name][_STATE] = _REFUSED


def advance(client):
    """Ask for the next subscriptions, or say that all are there."""
    if client.asked or not client.connected:
        return
    if len(client.kept) > _IDS:  # there may be no packet id: first those have to go
        if not client.ready:
            aws_iot.mqtt.state.ready(client)
        return
    if client.drop:
        names = client.drop[:_BATCH]
        pid = client.next_pid()
        data = aws_iot.mqtt.control.unsubscribe(pid, names)
    else:
        names = [name for name, sub in client.subs.items() if sub[_STATE] == _ASK][: client.batch]
        if not names:
            if not client.ready:
                client.batch = _BATCH
                aws_iot.mqtt.state.ready(client)
            return
        pid = client.next_pid()
        data = aws_iot.mqtt.control.subscribe(pid, [(name, client.subs[name][_QOS]) for name in names])
    # with what is asked for: a filter may be subscribed to anew, or given back, before the answer
    client.asked = [pid, data, client.ticks(), 1, names, [client.subs.get(name) for name in names]]
    client.out.append(data)


def answered(client, kind):
    """A packet came that is neither PUBLISH nor PUBACK: SUBACK, UNSUBACK, PINGRESP or a second CONNACK."""
    if kind == 0xD0:
        client.pinged = None
        if client.tell:
            client.call(client.tell, "pingresp", None)
        return
    asked, codes = client.asked, client.reader.value
    mine = asked and asked[_PID] == client.reader.pid and (asked[_PACKET][0] == 0xA2) == (kind == 0xB0)
    if kind == 0x20 or mine and kind == 0x90 and len(codes) != len(asked[_FILTERS]):
        from ..errors import ProtocolError

        raise ProtocolError("packet 0x%02x" % kind)
    if not mine:
        return  # too late (the answer to a second copy), or never asked for
    client.asked = None
    client.fails = 0
    if client.suspect and client.suspect[_WHAT] in [b"#" + name.encode() for name in asked[_FILTERS]]:  # see loss.py
        client.suspect = None
    if kind == 0xB0:
        for name in asked[_FILTERS]:
            if name in client.drop:
                client.drop.remove(name)
    else:
        for name, code, sub in zip(asked[_FILTERS], bytes(codes), asked[_SUBS]):  # a callback may poll()
            if sub and sub is client.subs.get(name):
                sub[_STATE] = _GRANTED if code < 128 else _REFUSED
                if code > 127:
                    from ..errors import Rejected

                    client.report(Rejected(code, "subscription refused: " + name))
    advance(client)
