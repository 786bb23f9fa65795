"""Calls that go on while the engine works. Borrowed as long as they do: so they are apart, and few."""

from . import borrow
from .transport import ticks_add, ticks_diff

const = int  # mpy-cross folds ``_X = const(n)`` by the name; CPython calls int

_STEP_MS = const(1000)


def wait(client):
    """MQTTClient.wait_msg."""
    while not client.poll(_STEP_MS) and not client.off:
        pass


async def run(client):
    """calls.run."""
    from asyncio import sleep

    client.guard = False
    try:
        while not client.off:
            await sleep(0 if client.poll() else 0.01)
    finally:
        client.guard = None


def connect(client, clean_session, timeout, **options):
    """MQTTClient.connect."""
    if options:
        borrow("calls").connecting(client, **options)  # of zerynth.py
    if clean_session is not None:
        client.clean = clean_session
    if client.connected:
        client.disconnect()  # else the broker would send the last will
    elif client.sock:
        borrow("calls").reset(client)
    now = client.ticks()
    if client.off or not client.fails or ticks_diff(client.due, now) > _STEP_MS:
        # AWS allows one CONNECT a second for each client id
        client.due = ticks_add(now, _STEP_MS if client.fails else 0)
    client.off = False
    client.error = None
    end = ticks_add(now, int(timeout * 1000)) if timeout else None
    while not client.connected:
        left = _STEP_MS if end is None else min(_STEP_MS, ticks_diff(end, client.ticks()))
        if left <= 0:
            from .errors import ResponseTimeout

            client.lost(ResponseTimeout("connect"))
        else:
            client.poll(left)
        if client.error:
            raise client.error
        if client.off:
            from .errors import LinkError

            raise LinkError("disconnect() was called")
    if client.guard:
        borrow("calls").loop(client)  # it ended with disconnect()
    return client.session
