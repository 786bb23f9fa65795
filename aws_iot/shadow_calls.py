"""A shadow's constructor, its handlers, and its calls that wait for answers. Lent to shadow.py for each.

https://docs.aws.amazon.com/iot/latest/developerguide/device-shadow-mqtt.html
"""

import aws_iot

from . import ticks_add

__all__ = ("on_delta", "on_documents", "get", "update", "delete", "resent", "lost", "guard")

const = int  # mpy-cross folds ``_X = const(n)`` by the name; CPython calls int

_LIMIT_BYTES = const(30720)  # of a report, with AWS's quota raised as far as it goes
_PID = const(0)
_SENT = const(2)
_SOON_MS = const(250)
_ANSWER_MS = const(5000)
_LATER_MS = const(60000)  # what does not fit may fit once the program has given memory back


def prepare(shadow, client, thing, name=None, wanted=None, prefix=None, limit_bytes=8192):
    """Shadow's constructor. ValueError for names that AWS would refuse, and for response topics that are none."""
    if not 0 < limit_bytes <= _LIMIT_BYTES:
        raise ValueError("limit_bytes: 1 to %d" % _LIMIT_BYTES)
    shadow.limit = limit_bytes
    shadow.client = client
    shadow.name = name
    shadow.reported = {}
    shadow.time = shadow.version = 0  # of the last message
    shadow.received = None  # version of the last difference that the delta handler was told, on this connection
    shadow.timestamp = 0  # when AWS sent that
    shadow.desired = {}  # of what it was told: what it may not have reported so
    shadow.tries = 0  # of the get that waits for its answer; or, below 0, the bytes for which there was no room
    shadow.pending = None  # reports that could not be sent yet, merged
    shadow.last = None  # packet id of the newest report or update()
    shadow.hold = None  # ticks until which they must wait
    shadow.later = None  # what was reported since an update() was sent that waits for its answer
    shadow.asked = None  # ticks of a get that waits for its answer
    shadow.delta = shadow.documents = None  # the callbacks
    topics = ("update/delta", "get/accepted", "get/rejected", "update/accepted", "update/rejected")
    shadow.wanted = topics if wanted is None else wanted
    for topic in shadow.wanted:
        if topic not in topics:
            raise ValueError("shadow topic: " + topic)
    shadow.prefix = (prefix or aws_iot.names.shadow(thing, name)) + "/"
    shadow.topic = (shadow.prefix + "update").encode()
    if client.guard:  # in a turn: the thread is not to meet a class that is being changed, nor a list
        client.guard.call(guard, shadow)
        client.guard.call(add, shadow)
    else:
        add(shadow)


def add(shadow):
    """The client is to know of it."""
    shadow.client.hooks.append(shadow.tick)
    shadow.client.senders.append(shadow)


def guard(shadow):
    """Threads take turns from now on."""
    aws_iot.mqtt.background.guard(type(shadow), __all__ + ("report",), lambda shadow: shadow.client)


def on_delta(shadow, callback):
    """``callback(state)`` with the desired members that differ from the reported ones; a dict that it returns is
    reported.

    After every connect the shadow is fetched, so that nothing set meanwhile is missed. A difference that stays, since
    the handler reports another value, is told once on a connection, unless it is set anew (in another second).
    """
    shadow.delta = callback
    aws_iot.mqtt.subscriptions.join(shadow, shadow.wanted)


def on_documents(shadow, callback):
    """``callback(document)`` with {"previous", "current", "timestamp"} after every accepted update."""
    shadow.documents = callback
    aws_iot.mqtt.subscriptions.join(shadow, ("update/documents",))


def resent(shadow, entry):
    """A kept report goes out once more: if something newer went out already, all is reported again."""
    # all is well where each id from this one to the newest is that of a publish which follows: none went out, is
    # acknowledged, or was an update's
    pid, kept = entry[_PID], shadow.client.kept
    for each in kept[kept.index(entry) :]:
        if each[_PID] != pid or each is not entry and each[_SENT] is not None:
            break
        if pid == shadow.last:
            return
        pid = pid % 65535 + 1
    aws_iot.shadow_pending.repeat(shadow)


def lost(shadow, topic):
    """There was no room for a message on ``topic``: if it told of a difference, the shadow is fetched, now and then."""
    name = topic[len(shadow.prefix) :] if topic.startswith(shadow.prefix) else ""
    if shadow.delta and name in ("update/delta", "get/accepted"):
        wait_ms = _SOON_MS if name == "update/delta" else _LATER_MS
        # of the document itself this is what must fit before it is asked for again
        shadow.tries = -shadow.client.reader.value if name == "get/accepted" else 0
        shadow.asked = ticks_add(shadow.client.ticks(), wait_ms - _ANSWER_MS)
        aws_iot.mqtt.timers.wait(shadow.client, wait_ms)


def get(shadow, timeout_ms: int | None = None) -> dict:
    """The shadow document: {"state": {"desired", "reported", "delta"}, "metadata", "version", "timestamp"}.

    Raises Rejected (404: no shadow yet), ResponseTimeout after ``timeout_ms``.
    """
    return request(shadow, "get", None, timeout_ms)


def delete(shadow, timeout_ms: int | None = None) -> dict:
    """Delete the shadow, with all that was reported before; the answer has the version that was deleted. Raises
    Rejected (404: no shadow yet), ResponseTimeout.
    """
    return aws_iot.shadow_pending.delete(shadow, timeout_ms)


def update(
    shadow, reported: dict | None = None, desired: dict | None = None, version: int | None = None,
    timeout_ms: int | None = None,
) -> dict:  # fmt: skip
    """Update and await the answer, the accepted document; null members are deleted. With ``version`` only if it is
    current.

    Raises Rejected (409: version conflict; get and try again), ResponseTimeout after ``timeout_ms``, ValueError and
    StateError as report.
    """
    document = aws_iot.document.update(reported, desired, version, shadow.limit)
    waiting = pid = None
    if reported:
        aws_iot.shadow_pending.clear(shadow, reported)
        waiting = aws_iot.shadow_pending.waiting(shadow)  # and goes out after the update, with older values
        # of its own, so that a copy of an older report is followed by all of it again
        shadow.last = pid = shadow.client.next_pid()
    # what is reported meanwhile, by callbacks, is newer
    around, shadow.later = shadow.later, {}
    try:
        accepted = request(shadow, "update", document, timeout_ms)
    finally:
        since, shadow.later = shadow.later, around
        merge = aws_iot.shadow_pending.merge
        if around is not None:
            merge(around, since)
    if reported:
        if since or waiting or shadow.last != pid:  # again: it may have had a second copy after it
            shadow.pending = shadow.pending or {}
        shadow.last = shadow.client.next_pid()
        for note in (shadow.pending, around, shadow.reported):
            if note is not None:
                merge(note, reported)
                merge(note, since)
    return accepted


def request(shadow, name, document, timeout_ms):
    return aws_iot.mqtt.request.request(shadow.client, shadow.prefix + name, document, timeout_ms, shadow.message)
