"""What time alone makes happen while a link is up: keep-alive, resending, giving up. Lent every few seconds."""

import aws_iot

from .. import ticks_add, ticks_diff

const = int  # mpy-cross folds ``_X = const(n)`` by the name; CPython calls int

_RESEND_MS = const(5000)  # Device Advisor wants a second and a third copy within 15 s
_MOST = const(3)  # copies
_PACKET = const(1)
_SENT = const(2)
_COPIES = const(3)
_STATE = const(3)
_ASK = const(0)
_SCRATCH_BYTES = const(1024)
_PROVED_MS = const(30000)  # a link that lived this long is a good one
_DAY_MS = const(86400000)
_PLENTY_BYTES = const(98304)  # less free heap: what only a connection needs does not stay longer than it takes


def run(client, now):
    """Do what is due at ``now``; ``client.due`` is when to look again. ResponseTimeout says what never came."""
    wait = min(client.timeout_ms, keepalive(client, now), again(client, now))
    if not client.connected:
        return  # a PINGREQ that could not be written
    if client.stuck is not None:
        wait = min(wait, _late(client.stuck, client.timeout_ms, now, "write"))
    if (client.fails or client.short) and ticks_diff(now, client.up_at) > _PROVED_MS:
        client.fails = client.short = 0
    if ticks_diff(now, client.up_at) > _DAY_MS:
        client.up_at = ticks_add(now, -_DAY_MS)  # ticks wrap after six days on some ports
    if client.scratch.seek(0, 2) > _SCRATCH_BYTES:
        client.scratch = type(client.scratch)()  # it keeps the size of the largest message
    if client.asked:
        wait = min(wait, ask_again(client, client.asked, now))
    client.due = ticks_add(now, wait)
    hooks(client, now)


def hooks(client, now):
    """Also what was not done for lack of memory when it was its turn."""
    client.pump()
    if client.denied:
        aws_iot.mqtt.loss.ask_again(client)
    elif not client.asked:
        if not client.ready or client.drop or [1 for name, sub in client.subs.items() if sub[_STATE] == _ASK]:
            aws_iot.mqtt.subscribe.advance(client)
    if client.fresh:
        client.fresh = False
        now = None
        aws_iot.keep(_PLENTY_BYTES)
    else:
        aws_iot.keep()
    for hook in client.hooks:
        try:
            hook(now)
        except Exception as error:
            if now is None and client.connected and isinstance(error, MemoryError):
                client.fresh = client.ticks() | 1  # told again the next time
            client.report(error)


def wait(client, wait_ms):
    """Have the hooks called again in ``wait_ms`` or sooner."""
    due = ticks_add(client.ticks(), wait_ms)
    if ticks_diff(due, client.due) < 0:
        client.due = due


def send(client, function, *args):
    """Publish as in a callback: room is not waited for."""
    busy, client.busy = client.busy, True
    try:
        function(*args)
    finally:
        client.busy = busy
    client.push()


def again(client, now):
    """Copies of the publishes without PUBACK; milliseconds until the next."""
    wait = _RESEND_MS
    for entry in client.kept:
        if entry[_SENT] is not None and client.stuck is None:
            left = _RESEND_MS - ticks_diff(now, entry[_SENT])
            if left <= 0:
                if entry[_COPIES] == _MOST:
                    _late(now, 0, now, "puback")
                aws_iot.mqtt.outgoing.resent(client, entry)
                client.out.append(entry[_PACKET])
                entry[_SENT] = now
                entry[_COPIES] += 1
            else:
                wait = min(wait, left)
    return wait


def keepalive(client, now):
    """Keep-alive (section 3.1.2.10): PINGREQ when it is time; milliseconds until there is something to do."""
    limit, reader, pinged = client.timeout_ms, client.reader, client.pinged
    silent = ticks_diff(now, client.tx_at)
    wait = _RESEND_MS
    if reader.end > reader.start or reader.skip:
        # PINGRESP queues behind the packet, which may take longer than the keep-alive
        wait = _late(client.rx_at, limit, now, "rest of a packet")
        client.pinged = pinged and now
        pinged = None
    else:
        # also when only this side talks: bytes that are taken by the local TCP prove nothing
        silent = max(silent, ticks_diff(now, client.rx_at))
    if pinged is not None:
        wait = min(wait, _late(pinged, limit, now, "pingresp"))
    elif client.keepalive:
        left = client.keepalive * 750 - silent
        if left <= 0:
            ping(client)
            left = client.keepalive * 750
        wait = min(wait, left)
    return wait


def ask_again(client, asked, now):
    left = _RESEND_MS - ticks_diff(now, asked[_SENT])
    if left <= 0:
        if asked[_COPIES] == _MOST:
            _late(now, 0, now, "suback")
        client.out.append(asked[_PACKET])
        asked[_SENT] = now
        asked[_COPIES] += 1
        left = _RESEND_MS
    return left


def _late(start, limit, now, what):
    left = limit - ticks_diff(now, start)
    if left <= 0:
        from ..errors import ResponseTimeout

        raise ResponseTimeout(what)
    return left


def ping(client):
    """MQTTClient.ping."""
    if client.connected:
        client.out.append(b"\xc0\0")
        if client.pinged is None:  # else the answer to an earlier one is still awaited
            client.pinged = client.ticks()
        client.topic = None  # whatever the server closes for now, it is not that publish
        client.push()
