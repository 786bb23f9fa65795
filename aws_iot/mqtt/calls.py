"""Calls of an MQTTClient that are made now and then: those of ``__all__`` are its methods (MQTTClient.__getattr__)."""

import aws_iot

from .. import select, ticks_add, ticks_diff

__all__ = (
    "on_event", "on_error", "on_tick", "request", "run", "loop",
    "on", "set_will", "set_username_pw", "reconnect", "close",  # noqa: F822  of zerynth.py
)  # fmt: skip

const = int  # mpy-cross folds ``_X = const(n)`` by the name; CPython calls int

_STEP_MS = const(1000)


def __getattr__(name):
    return getattr(aws_iot.zerynth, name)


def on_event(client, callback):
    """``callback(event, value)``: connecting, connected (session present), ready, disconnected (error), puback
    (packet id), pingresp, data ((topic, payload) that no handler took), error (unless ``on_error`` is set); values are
    None else.
    """
    client.tell = callback


def on_error(client, callback):
    """``callback(error)`` for what cost one message: a callback that raised, an answer that was no JSON, a denial."""
    client.complain = callback


def on_tick(client, hook):
    """``hook(None)`` after each connect, once all subscriptions are acknowledged; then ``hook(ticks)`` every few
    seconds.
    """
    client.hooks.append(hook)


def request(client, topic: str, document: dict | None = None, timeout_ms: int | None = None) -> dict:
    """Publish ``document`` with a clientToken to ``topic``; return what comes on topic/accepted, a dict.

    Raises Rejected for topic/rejected, ResponseTimeout after ``timeout_ms``, ValueError for what is no JSON.
    """
    aws_iot.topics.check_filter(topic + "/accepted")
    aws_iot.document.verify(document)
    return aws_iot.mqtt.request.request(client, topic, document, timeout_ms)


def run(client):
    """poll() as a task among others, until disconnect(). Only the look-up of the host name blocks the others.

    Meanwhile ``subscribe`` and ``unsubscribe`` do not wait for their answers (a refusal goes to ``on_error``), nor
    ``publish`` for room (StateError). What returns an answer (``request``, a shadow's ``get``, ``update``, ``delete``)
    and ``disconnect`` do wait, and block the other tasks until then.
    """
    return aws_iot.mqtt.drive.run(client)


def loop(client, on_message=None, th_size=-1):
    """Zerynth's: poll() in a thread of its own from now on, where the board has ``_thread``, until disconnect().

    A call from another thread has the engine for itself while it lasts. ``on_message(client, data)`` is as ``on``
    has it for PUBLISH; ``th_size``: the thread's stack in bytes.
    """
    aws_iot.mqtt.background.loop(client, on_message, th_size, __all__)


def disconnect(client):
    """MQTTClient.disconnect."""
    if client.connected and not client.busy:
        client.until(lambda: not (client.connected and (client.kept or [1 for each in client.senders if each.pending])))
    if client.connected:
        client.out.append(b"\xe0\0")
        try:
            end = ticks_add(client.ticks(), _STEP_MS)
            client.flush()
            while client.out and ticks_diff(end, client.ticks()) > 0:
                client.poller.modify(client.raw, select.POLLOUT)
                client.poller.ipoll(_STEP_MS)
                client.flush()
        except (OSError, ValueError, EOFError, MemoryError):
            pass
    aws_iot.mqtt.state.off(client)
