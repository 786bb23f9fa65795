"""aws_iot.mqtt.background: a thread that could not be started, or whose socket is closed under it.

More in tests/system.
"""

import time

from cloud import Cloud
from jobs_cloud import JobsService
from peer import Peer
from samples import raises

import aws_iot.mqtt.background as background
from aws_iot.jobs import Jobs
from aws_iot.shadow import Shadow


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
    """``test(client, select, peer)``; the thread has ended afterwards."""
    real, background.select = background.select, _Select()
    try:
        with Peer() as peer:
            client = peer.client()
            test(client, background.select, peer)
            client.disconnect()
            _wait(lambda: not client.guard.working)
    finally:
        background.select = real


def _wait(done):
    for _ in range(500):
        if done():
            return
        time.sleep(0.01)
    raise AssertionError("not done in 5 s")


def test_a_thread_that_cannot_be_started_can_be_later():
    def test(client, select, peer):
        raises(TypeError, client.loop, None, "no size")
        client.loop()
        _wait(lambda: client.connected)

    _with_thread(test)


def test_a_socket_that_is_closed_before_it_is_polled():
    def test(client, select, peer):
        select.closed = 1
        client.loop()
        _wait(lambda: client.connected and not select.closed)
        client.publish("t", "x", qos=1)
        _wait(lambda: not client.kept)

    _with_thread(test)


def test_a_thread_and_jobs_and_an_update_at_once():
    """A job that the thread runs reports what is newer than the update that this thread waits for."""

    def test(client, select, peer):
        client.thingname, client.mqtt = "me", client  # a thing as far as Jobs looks
        cloud, service = Cloud(peer), JobsService(peer)
        updates = []

        def take(topic, payload):
            if "/jobs/" in topic:
                service.take(topic, payload)
            elif b"clientToken" in payload:  # the update: its answer comes late
                updates.append(payload)
                peer.later(300, cloud.take, topic, payload)
            else:
                cloud.take(topic, payload)

        peer.service = take
        shadow = Shadow(client, "me")
        client.loop()
        _wait(lambda: client.ready)
        jobs = Jobs(client)

        def work(job):
            while not updates:
                yield
            for step in range(5):
                shadow.report({"door": "open", "step": step})
                yield True

        jobs.handle("work", work)
        _wait(lambda: jobs.work)
        accepted = shadow.update(reported={"door": "closed", "lamp": 1})
        assert accepted["state"] == {"reported": {"door": "closed", "lamp": 1}}
        assert client.until(lambda: service.status == "SUCCEEDED" and not client.kept and not shadow.pending, 60000)
        assert cloud.reported == shadow.reported == {"door": "open", "step": 4, "lamp": 1}

    _with_thread(test)
