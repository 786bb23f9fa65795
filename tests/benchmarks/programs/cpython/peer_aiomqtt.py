"""aiomqtt, in an event loop of its own that runs while it has something to do."""

import asyncio
import json
import ssl

from aiomqtt import Client, TLSParameters


class Peer:
    def __init__(self, host, port, name, certificate, key, ca, window=1):
        self.shadow = f"$aws/things/{name}/shadow/update"
        self.loop = asyncio.new_event_loop()
        self.window = window
        self.waiting = []
        self.options = {
            "hostname": host, "port": port, "identifier": name, "max_queued_incoming_messages": 0,
            "tls_params": TLSParameters(ca_certs="ca.pem", certfile="thing.crt", keyfile="thing.key",
                                        cert_reqs=ssl.CERT_REQUIRED),
        }  # fmt: skip

    def connect(self):
        async def enter():
            self.client = Client(**self.options)
            await self.client.__aenter__()
            self.messages = aiter(self.client.messages)

        self.loop.run_until_complete(enter())

    def subscribe(self, topic, handler, qos=0):
        async def handle(payload):
            handler(payload)

        self.handle = handle
        self.loop.run_until_complete(self.client.subscribe(topic, qos))

    def on_delta(self, answer):
        async def handle(payload):
            state = answer(json.loads(payload)["state"])
            if state is not None:
                await self._report(state)

        self.loop.run_until_complete(self.client.subscribe(self.shadow + "/delta", 1))
        self.handle = handle

    async def _report(self, state):
        await self.client.publish(self.shadow, json.dumps({"state": {"reported": state}}), 1)

    def report(self, state):
        self.loop.run_until_complete(self._report(state))

    def wait(self):
        async def take():
            await self.handle((await anext(self.messages)).payload)

        self.loop.run_until_complete(take())

    def publish(self, topic, payload, qos):
        self.waiting.append(self.client.publish(topic, payload, qos))
        if len(self.waiting) >= self.window:
            self.drain()

    def drain(self):
        async def together():
            await asyncio.gather(*self.waiting)

        if self.waiting:
            self.loop.run_until_complete(together())
            self.waiting.clear()

    def poll(self):
        self.loop.run_until_complete(asyncio.sleep(0))
