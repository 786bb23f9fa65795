"""Two ways to drive the engine beside calling poll(): a task of asyncio, and a thread."""

const = int  # mpy-cross folds ``_X = const(n)`` by the name; CPython calls int

_OFF = const(0)  # as in mqtt.py


async def run(client):
    """MQTTClient.run."""
    from asyncio import sleep

    while client.state != _OFF:
        await sleep(0 if client.poll(0) else 0.01)


# What may be called from other threads than the one of the engine.
_CALLS = ("connect", "disconnect", "publish", "subscribe", "unsubscribe", "ping", "poll", "check_msg", "until")


def loop(client):
    """MQTTClient.loop: from now on each call from another thread has the engine for itself while it lasts."""
    from _thread import allocate_lock, get_ident, start_new_thread

    from .transport import sleep_ms

    if client.guard:
        return
    lock = allocate_lock()
    owner = [None]

    def guard(function):
        def call(*args, **options):
            me = get_ident()
            if owner[0] == me:
                return function(*args, **options)
            with lock:
                owner[0] = me
                try:
                    return function(*args, **options)
                finally:
                    owner[0] = None

        return call

    def work():
        while client.state != _OFF:
            poll(0)
            poller = client.poller
            if poller:
                poller.poll(20)  # outside the lock: a caller need not wait for it
            else:
                sleep_ms(20)

    client.guard = guard
    poll = guard(client.poll)
    for name in _CALLS:
        setattr(client, name, guard(getattr(client, name)))
    start_new_thread(work, ())
