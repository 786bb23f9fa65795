"""A request that AWS answers on topic/accepted or topic/rejected: shadows, jobs and provisioning speak so."""

from os import urandom

import aws_iot

from .. import dump, ticks_add, ticks_diff

const = int  # mpy-cross folds ``_X = const(n)`` by the name; CPython calls int

_TURN_MS = const(50)
_NESTED = const(16)  # as in mqtt/__init__.py
_RAW = const(2)
_STATE = const(3)
_OWN = const(2)
_GRANTED = const(1)
_REFUSED = const(2)


def request(client, *args):
    """As asking(), with the engine at work until the answer is here."""
    return wait(client, asking(client, *args))


def wait(client, work):
    """Advance ``work``, a generator, with the engine at work; return what it returns."""
    try:
        while True:
            next(work)
            client.poll(_TURN_MS)
    except StopIteration as end:
        return end.value
    finally:
        work.close()  # after Ctrl-C it would wait for its answer for ever


def asking(client, topic, document=None, timeout_ms=None, handler=None, answers=None):
    """Publish ``document`` with a clientToken of its own to ``topic``, and return the accepted answer, a dict: a
    generator that yields while it waits.

    Raises Rejected with AWS's code and message, ResponseTimeout after ``timeout_ms`` (default the client's),
    LinkError when there is no connection in that time, StateError when the answer found no room, ProtocolError when it
    cannot be read. Sent again at half time, but for requests that carry a version: those may count once only.
    ``answers``: a filter that takes the place of ``topic`` in what is subscribed to, to share it among requests.
    https://docs.aws.amazon.com/iot/latest/developerguide/device-shadow-mqtt.html
    """
    document = dict(document or ())
    end = ticks_add(client.ticks(), client.timeout_ms if timeout_ms is None else timeout_ms)
    token = "%012x" % int.from_bytes(urandom(6), "big")
    document["clientToken"] = token
    names = [(answers or topic) + "/accepted", (answers or topic) + "/rejected"]
    if [1 for name in names if name not in client.subs or client.subs[name][_RAW] != _OWN]:  # nobody here hears them
        if not handler:
            from .answers import handler as answers_of

            handler = answers_of(client)
        aws_iot.mqtt.subscriptions.register(client, names, handler)
    if client.requests is None:
        client.requests = {}
    client.requests[token] = slot = [topic]
    try:
        while not ready(client, names):
            _late(client, end, "no SUBACK for " + topic)
            yield
        send(client, topic, document)
        half = ticks_add(client.ticks(), ticks_diff(end, client.ticks()) // 2)
        once = "version" in document or "expectedVersion" in document
        while len(slot) == 1:
            _late(client, end, "no answer to " + topic)
            if not once and ticks_diff(client.ticks(), half) >= 0 and ready(client, names):
                once = True
                send(client, topic, document)
            yield
    finally:
        client.requests.pop(token, None)
    _, answer, accepted = slot
    if accepted is None:
        raise answer
    if not accepted:
        raise rejected(answer)
    return answer


def send(client, topic, document):
    """Publish a request: the library's own document, or one that was looked at when it was given (document.py)."""
    client.scratch.seek(0)
    dump(document, client.scratch)
    client.publish(topic, client.scratch)


def ready(client, names):
    """True when the answers, on these topics, will come, and something can be written."""
    granted = client.ready and client.stuck is None
    for name in names:
        sub = client.subs.get(name)
        if sub and sub[_STATE] == _REFUSED:
            from ..errors import Rejected

            raise Rejected(128, "subscription refused: " + name)
        granted = granted and sub and sub[_STATE] == _GRANTED
    return granted


def _late(client, end, what):
    if client.busy and len(client.later) >= _NESTED:
        from ..errors import StateError

        raise StateError("%d messages wait for this callback: no more is read until it returns" % len(client.later))
    if client.off or ticks_diff(end, client.ticks()) <= 0:
        from ..errors import LinkError, ResponseTimeout

        if not client.connected:
            raise LinkError("not connected: %s" % ("disconnect() was called" if client.off else client.cause))
        raise ResponseTimeout(what)


def rejected(document):
    """The error that a rejected answer stands for."""
    from ..errors import Rejected

    return Rejected(document.get("code"), document.get("message", ""), document.get("clientToken"))
