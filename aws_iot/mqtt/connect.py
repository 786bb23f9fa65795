"""What MQTTClient.connect does before and after the attempt. Lent for both."""

import aws_iot

from .. import ticks_add, ticks_diff

const = int  # mpy-cross folds ``_X = const(n)`` by the name; CPython calls int

_STEP_MS = const(1000)
_LONG_MS = const(1 << 28)  # each stage has its own limit


def start(client, clean_session=None, timeout=None, *, timeout_ms=None, **options):
    """Have an attempt made now; -> how long to wait for it, in ms. ``timeout`` is umqtt.simple's, in seconds."""
    if clean_session not in (None, True, False):
        raise ValueError("clean_session: True or False; another port is port=")
    if options:
        aws_iot.zerynth.connecting(client, **options)
    if clean_session is not None:
        client.clean = clean_session
    if client.connected:
        client.disconnect()  # else the broker would send the last will
    elif client.broken:
        client.lost(client.broken)
    if client.stream or client.opening or client.broken:  # Ctrl-C may have ended it; still no memory to tell it
        aws_iot.mqtt.state.close(client)
    now, due = client.ticks(), client.due
    if client.off or not client.fails or not client.busy and ticks_diff(due, now) > _STEP_MS:
        # AWS allows one CONNECT a second for each client id
        if client.fails:
            due = ticks_add(now, _STEP_MS)
        elif client.stats["connects"] and 0 <= ticks_diff(now, client.up_at) < _STEP_MS:
            due = ticks_add(client.up_at, _STEP_MS)
        else:
            due = now
    aws_iot.mqtt.state.wait(client, due)
    if timeout:
        timeout_ms = int(timeout * 1000)
    return _LONG_MS if timeout_ms is None else min(timeout_ms, _LONG_MS)


def end(client):
    """Return what connect() returns, or raise why the attempt failed."""
    if not client.connected:
        if not client.error:
            from ..errors import LinkError, ResponseTimeout

            if client.off:
                raise LinkError("disconnect() was called")
            if not client.opening:
                raise LinkError("not tried yet: AWS allows one CONNECT a second; poll() goes on")
            client.lost(ResponseTimeout(client.stage))
        raise client.error
    if client.guard:
        client.guard.start(-1)  # it ended with disconnect()
    return client.session
