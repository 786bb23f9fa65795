"""Reports that wait: what cannot go out now merges into one report, which is sent when there is room. Lent then."""

import aws_iot

const = int  # mpy-cross folds ``_X = const(n)`` by the name; CPython calls int

_SOON_MS = const(250)


def add(shadow, state):
    """Merge a report into those that wait. StateError when that would not be exact, and they cannot go first."""
    client = shadow.client
    if not _exact(shadow.pending, state):
        flush(shadow)
        if not client.busy and not client.coro:
            client.until(lambda: shadow.pending is None)
        if not _exact(shadow.pending, state):
            from .errors import StateError

            raise StateError("queue full: an earlier report waits, and this one cannot be merged with it exactly")
    shadow.pending = merge(shadow.pending or {}, state)
    if client.ready:
        aws_iot.mqtt.timers.wait(client, _SOON_MS)


def reported(shadow, state):
    """Take down what is reported now: for good, and for the update() that waits for its answer."""
    merge(shadow.reported, state)
    if shadow.later is not None:
        merge(shadow.later, state)


def repeat(shadow):
    """Report all that was reported once more: an older report may have come after it, or not at all."""
    shadow.pending = merge({}, shadow.reported) or None


def flush(shadow):
    """Send the pending report, unless there is no room for it yet. ValueError, TypeError: one member cannot be sent."""
    from .errors import StateError

    client = shadow.client
    state, shadow.pending = shadow.pending, None
    try:
        aws_iot.mqtt.timers.send(client, shadow.send, state)
    except (StateError, MemoryError):
        shadow.pending = state
    except Exception:  # too large together, or a member that is no JSON: half of them now, the others the next time
        if len(state) < 2:
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
