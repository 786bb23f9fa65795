"""Calls that go on while the engine works. Lent as long as they do: so they are apart, and few."""

const = int  # mpy-cross folds ``_X = const(n)`` by the name; CPython calls int

_STEP_MS = const(1000)


def wait(client):
    """MQTTClient.wait_msg."""
    while not client.poll(_STEP_MS) and not client.off:
        pass


async def run(client):
    """calls.run."""
    from asyncio import sleep

    if client.coro:
        from ..errors import StateError

        raise StateError("run() is at work already")
    client.coro = True
    try:
        while not client.off:
            await sleep(0 if client.poll() else 0.01)
    finally:
        client.coro = False
