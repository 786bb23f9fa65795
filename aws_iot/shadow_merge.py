"""Reports that meet: those that cannot go out now merge into one, those beside an update too. Lent then."""

import aws_iot


def postpone(shadow, state):
    """Merge a report into those that wait. StateError when that would not be exact, and they cannot go first."""
    client = shadow.client
    if not _exact(shadow.pending, state):
        aws_iot.shadow_sync.flush(shadow)
        if not client.busy and client.guard is not False:
            client.until(lambda: shadow.pending is None)
        if not _exact(shadow.pending, state):
            from .errors import StateError

            raise StateError("queue full: an earlier report waits, and this one cannot be merged with it exactly")
    shadow.pending = merge(shadow.pending or {}, state)
    if client.ready:
        aws_iot.shadow_sync.again(client)


def repeat(shadow):
    """Report all that was reported once more: an older report may have come after it, or not at all."""
    shadow.pending = merge({}, shadow.reported) or None


def update(shadow, document, reported, timeout_ms):
    """Shadow.update of ``reported`` (which ``document`` has in it), while callbacks may report what is newer."""
    report, since = shadow.report, {}

    def note(state):
        report(state)
        merge(since, state)

    shadow.report = note
    try:
        accepted = aws_iot.shadow_calls.request(shadow, "update", document, timeout_ms)
    finally:
        shadow.report = report
    shadow.last = None  # a copy of an older report is to be followed by all of it again
    if shadow.pending is not None:
        merge(shadow.pending, reported)
    merge(shadow.reported, reported)
    if since:  # again: the update may have had a second copy after it
        merge(shadow.reported, since)
        shadow.pending = merge(shadow.pending or {}, since)
    return accepted


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
