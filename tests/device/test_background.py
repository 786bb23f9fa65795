"""aws_iot.mqtt.background: a thread that could not be started, or whose socket is closed under it.

More in tests/system.
"""

import time

from peer import Peer
from samples import raises

import aws_iot.mqtt.background as background


class _Select:
    """Stands in for select, for a thread and a Peer: polling waits a millisecond. ``closed``: how many are closed."""

    POLLIN = 1

    def __init__(self):
        self.closed = 0

    def poll(self):
        return self

    def register(self, stream, events):
        if self.closed:
            self.closed -= 1
            raise ValueError("file descriptor cannot be a negative integer")

    def ipoll(self, timeout_ms):
        time.sleep(0.001)


def _with_thread(test):
    """``test(client, select)``; the thread has ended afterwards."""
    real, background.select = background.select, _Select()
    try:
        with Peer() as peer:
            client = peer.client()
            test(client, background.select)
            client.disconnect()
            _wait(lambda: not client.working)
    finally:
        background.select = real


def _wait(done):
    for _ in range(500):
        if done():
            return
        time.sleep(0.01)
    raise AssertionError("not done in 5 s")


def test_a_thread_that_cannot_be_started_can_be_later():
    def test(client, select):
        raises(TypeError, client.loop, None, "no size")
        client.loop()
        _wait(lambda: client.connected)

    _with_thread(test)


def test_a_socket_that_is_closed_before_it_is_polled():
    def test(client, select):
        select.closed = 1
        client.loop()
        _wait(lambda: client.connected and not select.closed)
        client.publish("t", "x", qos=1)
        _wait(lambda: not client.kept)

    _with_thread(test)
