"""Calls of an MQTTClient that are made now and then. Borrowed by MQTTClient.__getattr__: each function is a method
there.
"""

from os import urandom

from . import borrow
from .transport import sleep_ms

const = int  # mpy-cross folds ``_X = const(n)`` by the name; CPython calls int

_STEP_MS = const(1000)


def on_event(client, callback):
    """``callback(event, value)``: connecting, connected (session present), ready, disconnected (error), puback
    (packet id), pingresp, data ((topic, payload) that no handler took), error (unless ``on_error`` is set); values are
    None else.
    """
    client.tell = callback


def on_error(client, callback):
    """``callback(error)`` for what cost one message: a callback that raised, an answer that was no JSON, a denial."""
    client.complain = callback


def on_ready(client, hook):
    """``hook(None)`` after each connect, once all subscriptions are acknowledged; then ``hook(ticks)`` every few
    seconds.
    """
    client.hooks.append(hook)


def named_shadow(client, name: str, topics: tuple | None = None):
    """The shadow called ``name`` of this thing."""
    for shadow in client.shadows:
        if shadow.name == name:
            return shadow
    from .shadow import Shadow

    return Shadow(client, client.thingname, name, topics)


def random(client):
    """24 random bits."""
    data = urandom(3)
    return data[0] << 16 | data[1] << 8 | data[2]


def event(client, name, value=None):
    """Tell ``on_event``, which must be set."""
    client.call(client.tell, name, value)


def request(client, topic: str, document: dict | None = None, timeout_ms: int | None = None) -> dict:
    """Publish ``document`` with a clientToken to ``topic``; return what comes on topic/accepted, a dict.

    Raises Rejected for topic/rejected, ResponseTimeout after ``timeout_ms``.
    """
    return borrow("request").request(client, topic, document, timeout_ms)


def wait(client):
    """MQTTClient.wait_msg."""
    while not client.poll(_STEP_MS) and not client.off:
        pass


def loop_forever(client):
    """poll() until disconnect()."""
    while not client.off:
        client.poll(_STEP_MS)


async def run(client):
    """poll() as a task among others, until disconnect(). Only the look-up of the host name blocks the others.

    Meanwhile ``subscribe`` and ``unsubscribe`` do not wait for their answers (a refusal goes to ``on_error``), nor
    ``publish`` for room (StateError). What returns an answer (``request``, a shadow's ``get``, ``update``, ``delete``)
    and ``disconnect`` do wait, and block the other tasks until then.
    """
    from asyncio import sleep

    client.guard = False
    try:
        while not client.off:
            await sleep(0 if client.poll() else 0.01)
    finally:
        client.guard = None


def loop(client):
    """poll() in a thread of its own from now on, where the board has ``_thread`` (Zerynth's call).

    A call from another thread has the engine for itself while it lasts.
    """
    from _thread import allocate_lock, get_ident, start_new_thread

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
        while not client.off:
            if poll():
                continue
            poller = client.poller
            if poller:
                poller.ipoll(20)  # outside the lock: a caller need not wait for it
            else:
                sleep_ms(20)

    client.guard = guard
    poll = guard(client.poll)
    for name in ("connect", "disconnect", "publish", "subscribe", "unsubscribe", "ping", "poll", "check_msg", "until"):
        setattr(client, name, guard(getattr(client, name)))
    for shadow in client.shadows:
        shadow.share(guard)
    start_new_thread(work, ())
