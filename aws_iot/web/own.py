"""What a Thing has of these files when it is named: its calls by HTTPS, and the session of a sleeper. Lent for each."""

import aws_iot

from .. import method

__all__ = ("report_once",)


def find(thing, name):
    """Thing.http, which is then set; else its method ``name``."""
    if name != "http":
        return method(thing, aws_iot.web.own, name)
    thing.http = aws_iot.web.http.Http(thing.mqtt, thing.thingname)
    return thing.http


def report_once(thing, state: dict, timeout_ms: int | None = None) -> dict:
    """The session of a board that sleeps: connect, report ``state``, disconnect. Returns the accepted document.

    By HTTPS it is one call. Raises what ``connect`` and the shadow's ``update`` raise.
    """
    if hasattr(thing.mqtt.context, "poll_ms"):  # behind a door of HTTPS
        return thing.http.update(state, timeout_ms=timeout_ms)
    thing.connect(timeout_ms=timeout_ms)
    try:
        return thing.shadow.update(state, timeout_ms=timeout_ms)
    finally:
        thing.disconnect()
