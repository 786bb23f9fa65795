"""The Jobs services of jobs_service.py, and of tests/device/job_queue.py, on the scripted broker."""

import json

from tests.device.job_queue import Queue

from .jobs_service import JobsService


class BrokerJobs(JobsService):
    """One job for one thing. Give it to Broker(services=[...])."""

    def __init__(self, thing="device"):
        super().__init__(thing, "job-1", lambda: {"operation": "advisor"})
        self._said = []

    async def __call__(self, broker, link, packet):
        """A client published."""
        self.take(packet.topic, packet.payload)
        while self._said:
            await broker.publish(*self._said.pop(0), 1)

    def say(self, topic, document):
        self._said.append((topic, json.dumps(document).encode()))


class JobQueue(Queue):
    """Several jobs for one thing, one after the other. Give it to Broker(services=[...])."""

    thing = "device"

    def __init__(self, *documents):
        self._said = []
        super().__init__(self, *documents)

    async def __call__(self, broker, link, packet):
        """A client published."""
        if "/jobs/" in packet.topic:
            self.take(packet.topic, packet.payload)
        while self._said:
            await broker.publish(*self._said.pop(0), 1)

    def publish(self, topic, document):
        """As the peer of the queue: for the device."""
        self._said.append((topic, document if isinstance(document, bytes) else json.dumps(document).encode()))
