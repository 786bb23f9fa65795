"""Reports, and those that wait: what cannot go out now merges into one report, which is sent when there is room. And
differences that stay. Lent to shadow.py.

https://docs.aws.amazon.com/iot/latest/developerguide/device-shadow-document.html
"""

import aws_iot

const = int  # mpy-cross folds ``_X = const(n)`` by the name; CPython calls int

_SENT = const(2)
_SOON_MS = const(250)


def report(shadow, state):
    """Shadow.report."""
    aws_iot.document.state(state)
    client = shadow.client
    # behind half a queue, too, it is merged: there might be no room for it
    if (
        shadow.pending is None and client.ready
        and len(client.kept) < client.window and client.queued * 2 < client.queue_bytes
    ):  # fmt: skip
        try:
            shadow.send(state)
        except (ValueError, TypeError):
            raise
        except Exception:  # no memory, or no room in the queue after all
            add(shadow, state)
    else:
        aws_iot.document.limit(state, shadow.limit)
        add(shadow, state)
    for note in (shadow.reported, shadow.later):  # the latter for the update() that waits for its answer
        if note is not None:
            merge(note, state)


def add(shadow, state):
    """Merge a report into those that wait. StateError when that would not be exact, and they cannot go first."""
    client = shadow.client
    clear(shadow, state)
    shadow.pending = merge(shadow.pending or {}, state)
    if client.ready:
        aws_iot.mqtt.timers.wait(client, _SOON_MS)


def clear(shadow, state):
    """Let the reports that wait go first if ``state`` could not be merged with them exactly."""
    client = shadow.client
    if not _exact(shadow.pending, state):
        flush(shadow)
        if not client.busy and not client.coro:
            client.until(lambda: shadow.pending is None)
        if not _exact(shadow.pending, state):
            from .errors import StateError

            raise StateError("queue full: an earlier report waits, and this one cannot be merged with it exactly")


def waiting(shadow):
    """Whether some report did not go out yet, or another message that is acknowledged."""
    return shadow.pending is not None or [1 for entry in shadow.client.kept if entry[_SENT] is None]


def repeat(shadow):
    """Report all that was reported once more: an older report may have come after it, or not at all."""
    shadow.pending = merge({}, shadow.reported) or None


def delete(shadow, timeout_ms):
    """Shadow.delete: a report that waits, or is not acknowledged yet, would make the shadow anew."""
    from .errors import Rejected

    sent = aws_iot.mqtt.outgoing.withdraw(shadow.client, shadow.topic)
    before, shadow.reported = shadow.reported, {}  # what callbacks report meanwhile is newer
    shadow.pending = None
    gone = False
    try:
        topic = shadow.prefix + "delete"
        deleted = aws_iot.mqtt.request.request(shadow.client, topic, None, timeout_ms, shadow.message)
        gone = True
        return deleted
    except Rejected as error:
        gone = error.code == 404
        raise
    finally:
        if gone:
            shadow.desired = {}
        else:
            shadow.reported = merge(before, shadow.reported)
            aws_iot.mqtt.outgoing.restore(shadow.client, sent)
        repeat(shadow)  # the request may have had a second copy after it


def flush(shadow):
    """Send the pending report, unless there is no room for it yet. ValueError, TypeError: one member cannot be sent."""
    from .errors import StateError

    client = shadow.client
    state, shadow.pending = shadow.pending, None
    try:
        aws_iot.mqtt.timers.send(client, shadow.send, state)
        merge(shadow.reported, state)  # what a delta handler answered is noted only now
    except (StateError, MemoryError):
        shadow.pending = state
    except Exception:  # too large together, or a member that is no JSON: half of them now, the others the next time
        if len(state) < 2:
            for name in state:
                shadow.reported.pop(name, None)
            raise
        shadow.pending = {key: state.pop(key) for key in list(state)[len(state) // 2 :]}
        try:
            flush(shadow)
        finally:
            shadow.pending = merge(shadow.pending or {}, state)


def _exact(pending, state):
    """True if one update with ``state`` merged into ``pending`` leaves what the two, one after the other, would.

    It does not when a member that was null or no object becomes one: the cloud may hold other members of it.
    """
    for key, value in state.items():
        if isinstance(value, dict) and pending and key in pending:
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


def settle(shadow, state, answer):
    """The delta handler was told ``state`` and answered, not with plain values that it took as they are."""
    merge(shadow.desired, state)
    if isinstance(answer, dict):
        for name, value in state.items():
            if name in answer and answer[name] == value and type(value) in (str, int, bool):
                shadow.desired.pop(name)
    if answer is not None:
        report(shadow, answer)


def find(shadow, state, document):
    """The members of ``state``, a difference, that the delta handler was not told of yet, or that were set anew since.

    AWS tells of a difference after each report, for as long as it lasts: also of what the handler was told and reports
    otherwise, a limit or a float of 32 bits. To answer that again would go on for ever.
    """
    if not isinstance(state, dict):
        raise ValueError("no JSON object")
    told = state if shadow.received == shadow.version else shadow.desired
    if not _known(state, told):
        return state
    metadata = document.get("metadata")
    if document.get("state") is not state and isinstance(metadata, dict):  # the answer to a get
        metadata = metadata.get("desired")
    return _new(state, told, metadata, shadow.timestamp)


def _known(state, told):
    """Whether some of ``state`` may have been told: most often none of it was."""
    for name in state:
        if name in told and (told[name] == state[name] or isinstance(state[name], dict)):
            return True
    return False


def _new(state, told, metadata, since):
    new = {}
    for name, value in state.items():
        times = metadata.get(name) if isinstance(metadata, dict) else None
        if name in told and isinstance(value, dict) and isinstance(told[name], dict):
            below = _new(value, told[name], times, since)
            if below:
                new[name] = below
        elif name not in told or told[name] != value or _newest(times) > since:
            new[name] = value
    return new


def _newest(times):
    """The newest of the timestamps of a member, or of the elements of an array."""
    if isinstance(times, dict):
        times = list(times.values())
    if isinstance(times, list):
        return max([_newest(each) for each in times] or [0])
    return times if isinstance(times, int) else 0


def refuse(shadow, document):
    """AWS refused a report for what is in it."""
    aws_iot.shadow_refused.search(shadow, document)
