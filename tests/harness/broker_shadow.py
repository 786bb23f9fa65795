"""The shadow service of tests/device/cloud.py on the scripted broker."""

import json

from tests.device.cloud import ShadowService


class BrokerShadow(ShadowService):
    """The classic shadow of one thing. Give it to Broker(services=[...]). `silent`: it answers nothing."""

    def __init__(self, thing="device", refuse=None, silent=False):
        super().__init__(thing)
        self.refuse, self.silent, self._said = refuse or {}, silent, []

    async def __call__(self, broker, link, packet):
        """A client published."""
        if not self.silent:
            self.take(packet.topic, packet.payload)
            await self._tell(broker)

    def say(self, name, document):
        self._said.append((self.prefix + name, json.dumps(document).encode()))

    async def desire_on(self, broker, state):
        """The cloud sets desired members."""
        self.desire(state)
        await self._tell(broker)

    async def _tell(self, broker):
        while self._said:
            await broker.publish(*self._said.pop(0), 1)

    @property
    def gets(self):
        return [name for name, _ in self.requests].count("get")

    @property
    def reports(self):
        """What was reported in each update."""
        states = [document["state"] for name, document in self.requests if name == "update"]
        return [state["reported"] for state in states if "reported" in state]
