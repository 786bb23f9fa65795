"""What keeps a shadow in step: fetching it after a connect, sending what waited, answers that refuse. Lent by
shadow.py.

https://docs.aws.amazon.com/iot/latest/developerguide/device-shadow-mqtt.html
"""

import aws_iot

from . import ticks_add, ticks_diff

const = int  # mpy-cross folds ``_X = const(n)`` by the name; CPython calls int

_ANSWER_MS = const(5000)
_SOON_MS = const(250)
_TRIES = const(3)


def tick(shadow, now):
    """Send what waits; get the shadow after a connect, and again when no answer comes."""
    client = shadow.client
    if now is None:
        shadow.asked = None
        shadow.tries = 0
        shadow.hold = None
    held_ms = 0 if shadow.hold is None else ticks_diff(shadow.hold, client.ticks())
    if shadow.pending is not None and client.ready:
        if held_ms > 0:
            again(client, held_ms)
        elif len([1 for entry in client.kept if entry[2] is not None]) < client.limit:  # others are held back
            shadow.hold = None
            flush(shadow)
        else:
            again(client)
    if not shadow.delta or "get/accepted" not in shadow.wanted or not client.ready:
        return
    now = client.ticks()
    if shadow.asked is not None:
        if ticks_diff(now, shadow.asked) < _ANSWER_MS:
            return
        if shadow.tries == _TRIES:
            from .errors import ResponseTimeout

            shadow.asked = None
            client.report(ResponseTimeout("no answer to %sget" % shadow.prefix))
            return
        for sub in client.subs.values():  # the broker may say that it kept the session and not have it
            if sub[3] != 2:
                sub[3] = 0
        aws_iot.mqtt.subscribe.advance(client)
    elif shadow.tries:
        return
    shadow.asked = now
    shadow.tries += 1
    send(client, client.publish, shadow.prefix + "get")
    again(client, _ANSWER_MS)


def send(client, function, *args):
    """Publish as in a callback: room is not waited for."""
    busy, client.busy = client.busy, True
    try:
        function(*args)
    finally:
        client.busy = busy
    client.push()


def again(client, wait_ms=_SOON_MS):
    """Have tick() called again in ``wait_ms`` or sooner."""
    due = ticks_add(client.ticks(), wait_ms)
    if ticks_diff(due, client.due) < 0:
        client.due = due


def flush(shadow):
    """Send the pending report, unless there is no room for it yet. ValueError, TypeError: one member cannot be sent."""
    from .errors import StateError

    client = shadow.client
    state, shadow.pending = shadow.pending, None
    try:
        send(client, shadow.send, state)
    except (StateError, MemoryError):
        shadow.pending = state
    except Exception:  # too large together, or a member that is no JSON: half of them now, the others the next time
        if len(state) < 2:
            raise
        shadow.pending = {key: state.pop(key) for key in list(state)[len(state) // 2 :]}
        try:
            flush(shadow)
        finally:
            shadow.pending = aws_iot.shadow_merge.merge(shadow.pending or {}, state)


def answer(shadow, name, document):
    """An answer on topic ``name``; what it tells of a difference is returned."""
    client = shadow.client
    if name == "update/documents":  # with the clientToken of the request, whose answer may come after it
        client.call(shadow.documents, document)
        return
    mine = client.requests and aws_iot.mqtt.request.settle(client, name, document)
    if name.endswith("rejected"):
        if not mine:
            refuse(shadow, name, document)
    elif shadow.newer(document) and name == "get/accepted" and shadow.asked is not None:
        shadow.asked = None
        state = document.get("state")
        return state and state.get("delta")


def refuse(shadow, name, document):
    client, code = shadow.client, document.get("code")
    if name == "get/rejected":
        if shadow.asked is None or code in (429, 500):
            return  # another client's, or asked again by tick()
        shadow.asked = None
        if code == 404:
            if shadow.reported:
                shadow.report(shadow.reported)
            return
    elif document.get("clientToken"):
        return  # another client's
    elif code in (429, 500):  # throttled, internal failure
        aws_iot.shadow_merge.repeat(shadow)
        wait_ms = 1000 + aws_iot.chance.bits(client) % 10000
        shadow.hold = ticks_add(client.ticks(), wait_ms)
        again(client, wait_ms)
    client.report(aws_iot.mqtt.request.rejected(document))
