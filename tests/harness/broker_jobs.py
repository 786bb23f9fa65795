"""The Jobs service of jobs_service.py on the scripted broker."""

import json

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
