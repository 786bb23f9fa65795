"""What keeps a shadow in step: fetching it after a connect, and again; answers that refuse. Lent to shadow.py.

https://docs.aws.amazon.com/iot/latest/developerguide/device-shadow-mqtt.html
"""

import aws_iot

from . import ticks_add, ticks_diff

const = int  # mpy-cross folds ``_X = const(n)`` by the name; CPython calls int

_ANSWER_MS = const(5000)
_TRIES = const(3)
_SOON_MS = const(250)
_SENT = const(2)


def tick(shadow, now):
    """Send what waits; get the shadow after a connect, and again when no answer comes."""
    client = shadow.client
    if now is None:
        shadow.asked = None
        shadow.tries = 0
        shadow.hold = shadow.received = None
        shadow.desired = {}  # what still differs is told anew
    held_ms = 0 if shadow.hold is None else ticks_diff(shadow.hold, client.ticks())
    if shadow.pending is not None and client.ready:
        if held_ms > 0:
            aws_iot.mqtt.timers.wait(client, held_ms)
        elif len([1 for entry in client.kept if entry[_SENT] is not None]) < client.limit:  # others are held back
            shadow.hold = None
            aws_iot.shadow_pending.flush(shadow)
        else:
            aws_iot.mqtt.timers.wait(client, _SOON_MS)
    if not shadow.delta or "get/accepted" not in shadow.wanted or not client.ready:
        return
    if client.asked:  # maybe for the topic of the answer
        aws_iot.mqtt.timers.wait(client, _SOON_MS)
        return
    now = client.ticks()
    if shadow.asked is not None:
        if ticks_diff(now, shadow.asked) < _ANSWER_MS and (shadow.tries >= 0 or not room(client, -shadow.tries)):
            return
        shadow.tries = max(shadow.tries, 0)
        if shadow.tries == _TRIES:
            from .errors import ResponseTimeout

            shadow.asked = None
            client.report(ResponseTimeout("no answer to %sget" % shadow.prefix))
            return
        if shadow.tries:
            aws_iot.mqtt.subscribe.again(client)  # the broker may say that it kept the session and not have it
    elif shadow.tries:
        return
    shadow.asked = now
    shadow.tries += 1
    timers = aws_iot.mqtt.timers
    timers.send(client, client.publish, shadow.prefix + "get")
    timers.wait(client, _ANSWER_MS)


def room(client, size):
    try:
        return size <= client.reader.limit and bytearray(2 * size)  # as JSON, and as what it says
    except MemoryError:
        return False


def answer(shadow, name, document):
    """An answer on topic ``name``; what it tells of a difference is returned."""
    client = shadow.client
    if name == "update/documents":  # with the clientToken of the request, whose answer may come after it
        client.call(shadow.documents, document)
        return
    mine = client.requests and aws_iot.mqtt.answers.settle(client, name, document)
    if name.endswith("rejected"):
        if not mine:
            refuse(shadow, name, document)
    elif shadow.newer(document) and name == "get/accepted" and shadow.asked is not None:
        shadow.asked = None
        state = document.get("state")
        return state and state.get("delta")


def refuse(shadow, name, document):
    client, code, pending = shadow.client, document.get("code"), aws_iot.shadow_pending
    if name == "get/rejected":
        if shadow.asked is None or code in (429, 500):
            return  # another client's, or asked again by tick()
        shadow.asked = None
        if code == 404:
            pending.repeat(shadow)
            if shadow.pending is not None:
                pending.flush(shadow)
            return
    elif document.get("clientToken"):
        return  # another client's
    elif code in (429, 500):  # throttled, internal failure
        pending.repeat(shadow)
        wait_ms = 1000 + aws_iot.chance.bits(client) % 10000
        shadow.hold = ticks_add(client.ticks(), wait_ms)
        aws_iot.mqtt.timers.wait(client, wait_ms)
    elif code in (400, 413):
        pending.refuse(shadow, document)
        return
    client.report(aws_iot.mqtt.request.rejected(document))
