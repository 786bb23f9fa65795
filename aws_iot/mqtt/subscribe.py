"""SUBSCRIBE and UNSUBSCRIBE: one at a time, again after 5 s, and again after a reconnect. Lent when needed."""

import aws_iot

const = int  # mpy-cross folds ``_X = const(n)`` by the name; CPython calls int

_FILTERS = const(8)  # in one SUBSCRIBE


def advance(client):
    """Ask for the next subscriptions, or say that all are there."""
    if client.asked or not client.connected:
        return
    if client.drop:
        names = client.drop[:_FILTERS]
        pid = client.next_pid()
        data = aws_iot.mqtt.control.unsubscribe(pid, names)
    else:
        names = [name for name, sub in client.subs.items() if not sub[3]][: client.batch]
        if not names:
            if not client.ready:
                client.ready = True
                client.batch = _FILTERS
                client.stage = "ready"  # until timers.py has told the hooks, with less in the heap than here
                client.due = client.ticks()
                try:
                    client.pump()  # what a callback publishes is newer
                finally:
                    if client.tell:
                        client.call(client.tell, "ready", None)
            return
        pid = client.next_pid()
        data = aws_iot.mqtt.control.subscribe(pid, [(name, client.subs[name][0]) for name in names])
    # with what is asked for: a filter may be subscribed to anew, or given back, before the answer
    client.asked = [pid, names, data, client.ticks(), 1, [client.subs.get(name) for name in names]]
    client.out.append(data)


def answered(client, kind):
    """A packet came that is neither PUBLISH nor PUBACK: SUBACK, UNSUBACK, PINGRESP or a second CONNACK."""
    if kind == 0xD0:
        client.pinged = None
        if client.tell:
            client.call(client.tell, "pingresp", None)
        return
    asked, codes = client.asked, client.reader.value
    mine = asked and asked[0] == client.reader.pid and (asked[2][0] == 0xA2) == (kind == 0xB0)
    if kind == 0x20 or mine and kind == 0x90 and len(codes) != len(asked[1]):
        from ..errors import ProtocolError

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
        for name, code, sub in zip(asked[1], bytes(codes), asked[5]):  # a callback may poll()
            if sub and sub is client.subs.get(name):
                sub[3] = 1 if code < 128 else 2
                if code > 127:
                    from ..errors import Rejected

                    client.report(Rejected(code, "subscription refused: " + name))
    advance(client)
