"""Reports that cannot go out now merge into one. Borrowed when there are some."""

from . import borrow


def postpone(shadow, state):
    """Merge a report into those that wait."""
    if shadow.pending is not None and not _exact(shadow.pending, state):
        # a member that was null or no object becomes one, and the cloud may hold other members of it
        shadow.send(shadow.pending)
        shadow.pending = None
    shadow.pending = merge(shadow.pending or {}, state)
    client = shadow.client
    if client.ready:
        borrow("shadow_sync").again(client)


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
