"""The part of a shadow that is needed now and then: asking, waiting for answers, merging reports. Borrowed by
shadow.py.

https://docs.aws.amazon.com/iot/latest/developerguide/device-shadow-mqtt.html
"""

from . import borrow
from .transport import ticks_add, ticks_diff

const = int  # mpy-cross folds ``_X = const(n)`` by the name; CPython calls int

_ANSWER_MS = const(5000)
_SOON_MS = const(250)
_TRIES = const(3)


def on_delta(shadow, callback):
    """``callback(state)`` with the desired members that differ from the reported ones; a dict that it returns is
    reported.

    After every connect the shadow is fetched, so that nothing set meanwhile is missed.
    """
    shadow.delta = callback
    borrow("subscriptions").together(shadow, shadow.wanted)


def on_documents(shadow, callback):
    """``callback(document)`` with {"previous", "current", "timestamp"} after every accepted update."""
    shadow.documents = callback
    borrow("subscriptions").together(shadow, ("update/documents",))


def get(shadow, timeout_ms: int | None = None) -> dict:
    """The shadow document: {"state": {"desired", "reported", "delta"}, "metadata", "version", "timestamp"}.

    Raises Rejected (404: no shadow yet), ResponseTimeout after ``timeout_ms``.
    """
    return _request(shadow, "get", None, timeout_ms)


def delete(shadow, timeout_ms: int | None = None) -> dict:
    """Delete the shadow; the answer has the version that was deleted. Raises Rejected, ResponseTimeout."""
    return _request(shadow, "delete", None, timeout_ms)


def update(
    shadow, reported: dict | None = None, desired: dict | None = None, version: int | None = None,
    timeout_ms: int | None = None,
) -> dict:  # fmt: skip
    """Update and await the answer, the accepted document; null members are deleted. With ``version`` only if it is
    current.

    Raises Rejected (409: version conflict; get and try again), ResponseTimeout after ``timeout_ms``, ValueError.
    """
    state = {}
    for key, value in (("reported", reported), ("desired", desired)):
        if value is not None:
            if not isinstance(value, dict):
                raise ValueError("reported and desired: dicts")
            state[key] = value
    if not state:
        raise ValueError("reported or desired is needed")
    document: dict = {"state": state}
    if version is not None:
        document["version"] = version
    accepted = _request(shadow, "update", document, timeout_ms)
    if reported is not None:
        merge(shadow.reported, reported)
    return accepted


def _request(shadow, name, document, timeout_ms):
    return borrow("request").request(shadow.client, shadow.prefix + name, document, timeout_ms, shadow.message)


def tick(shadow, now):
    """Send what waits; get the shadow after a connect, and again when no answer comes."""
    client = shadow.client
    if now is None:
        shadow.asked = None
        shadow.tries = 0
    held_ms = 0 if shadow.hold is None else ticks_diff(shadow.hold, client.ticks())
    if shadow.pending is not None and client.ready:
        if held_ms > 0:
            _look_again(client, held_ms)
        elif len(client.kept) < client.window:
            shadow.hold = None
            _flush(shadow)
        else:
            _look_again(client, _SOON_MS)
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
        borrow("subscriptions").resubscribe(client)  # the broker may say that it kept the session and not have it
    elif shadow.tries:
        return
    shadow.asked = now
    shadow.tries += 1
    _send(client, client.publish, shadow.prefix + "get")
    _look_again(client, _ANSWER_MS)


def _send(client, function, *args):
    """Publish as in a callback: room is not waited for."""
    busy, client.busy = client.busy, True
    try:
        function(*args)
    finally:
        client.busy = busy
    client.push()


def _look_again(client, delay_ms):
    """Have tick() called again in ``delay_ms`` or sooner."""
    due = ticks_add(client.ticks(), delay_ms)
    if ticks_diff(due, client.due) < 0:
        client.due = due


def _flush(shadow):
    """Send the pending report, unless there is no room for it yet. ValueError: there never will be."""
    from .errors import StateError

    client = shadow.client
    state, shadow.pending = shadow.pending, None
    try:
        _send(client, shadow.send, state)
    except (StateError, MemoryError):
        shadow.pending = state


def answer(shadow, name, document):
    """An answer on topic ``name``; what it tells of a difference is returned."""
    client = shadow.client
    mine = client.requests and borrow("request").settle(client, name, document)
    if name == "update/documents":
        client.call(shadow.documents, document)
    elif name[-9:] == "/rejected":
        if not mine:
            _refused(shadow, name, document)
    elif shadow.newer(document) and name == "get/accepted" and shadow.asked is not None:
        shadow.asked = None
        state = document.get("state")
        return state and state.get("delta")


def _refused(shadow, name, document):
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
        repeat(shadow)
        delay_ms = 1000 + client.random() % 10000
        shadow.hold = ticks_add(client.ticks(), delay_ms)
        _look_again(client, delay_ms)
    client.report(borrow("request").rejected(document))


def postpone(shadow, state):
    """Merge a report into those that wait."""
    if shadow.pending is not None and not _exact(shadow.pending, state):
        # a member that was null or no object becomes one, and the cloud may hold other members of it
        shadow.send(shadow.pending)
        shadow.pending = None
    shadow.pending = merge(shadow.pending or {}, state)
    client = shadow.client
    if client.ready:
        _look_again(client, _SOON_MS)


def repeat(shadow):
    """Report all that was reported once more: an older report may have come after it, or not at all."""
    shadow.pending = merge({}, shadow.reported)


def _exact(pending, state):
    """True if one update with ``state`` merged into ``pending`` leaves what the two, one after the other, would."""
    for key, value in state.items():
        if isinstance(value, dict) and key in pending:
            if not isinstance(pending[key], dict) or not _exact(pending[key], value):
                return False
    return True


def merge(reported, state):
    """Merge ``state`` into ``reported`` member by member and return it."""
    for key, value in state.items():
        if isinstance(value, dict):
            below = reported.get(key)
            reported[key] = merge(below if isinstance(below, dict) else {}, value)
        else:
            reported[key] = value
    return reported
