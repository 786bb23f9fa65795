"""The engine in a thread of its own: MQTTClient.loop. Lent, but what thread and guards are made of stays."""

import sys

import aws_iot

from .. import method, select, sleep_ms

const = int  # mpy-cross folds ``_X = const(n)`` by the name; CPython calls int

_TURN_MS = const(20)
_STACK_BYTES = const(16384)  # an ESP32's threads have 5 KB, of which a TLS handshake needs more


def loop(client, on_message, th_size):
    """calls.loop."""
    from _thread import start_new_thread

    if on_message:
        client.on("PUBLISH", on_message, lambda data: "message" in data, -1)
    if not client.guard:
        _share_client(client)

    def step():
        # under the lock, so that a thread which ends and a loop() that starts one do not miss each other
        client.working = not client.off
        return client.working and (client.poll() or client.raw)

    def start():
        if not client.working:
            _stack(th_size)
            start_new_thread(_work, (client.guard(step),))
            client.working = True

    client.guard(start)()


def _work(step):
    raw = poller = None
    while True:
        done = step()
        if done is False:
            return
        if done is True:
            continue
        if done is not raw:
            raw = done
            poller = select.poll()  # of its own: the client's belongs to whoever has the lock
            if raw:
                try:
                    poller.register(raw, select.POLLIN)
                except (OSError, ValueError):  # closed since, by another thread
                    raw = None
        if raw:
            poller.ipoll(_TURN_MS)  # outside the lock: a caller need not wait for it
        else:
            sleep_ms(_TURN_MS)


def _guard():
    from _thread import allocate_lock, get_ident

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

    return guard


def _share_client(client):
    client.working = False
    client.guard = guard = _guard()
    for name in ("connect", "disconnect", "publish", "subscribe", "unsubscribe", "ping", "poll", "check_msg", "until"):
        setattr(client, name, guard(getattr(client, name)))
    client.request = guard(_late(client, lambda: aws_iot.mqtt.calls, "request"))
    for shadow in client.shadows:
        share(shadow, guard)


def share(shadow, guard):
    """Let other threads use ``shadow``, once loop() is at work."""
    shadow.report = guard(shadow.report)
    for name in ("on_delta", "get", "update", "delete", "on_documents"):
        setattr(shadow, name, guard(_late(shadow, lambda: aws_iot.shadow_calls, name)))


def _late(owner, file, name):
    """A call that is loaded each time, so that a guard around it does not keep its file in the heap."""
    return lambda *args, **options: method(owner, file(), name)(*args, **options)


def _stack(size_bytes):
    import _thread

    if size_bytes < 0:
        size_bytes = _STACK_BYTES if sys.platform == "esp32" else 0
    if size_bytes:
        _thread.stack_size(size_bytes)
