"""The part of AWS's shadow service that the fault rows need, on the scripted broker: get, update, and what follows.

Plays https://docs.aws.amazon.com/iot/latest/developerguide/device-shadow-mqtt.html; the real semantics are tested
against MiniStack.
"""

import json


class ShadowService:
    """The classic shadow of one thing. Give it to Broker(services=[...]); `desire` is what the cloud does.
    refuse: codes to answer the next requests with; silent: answer nothing."""

    def __init__(self, thing="device", refuse=(), silent=False):
        self.prefix = f"$aws/things/{thing}/shadow"
        self.desired, self.reported, self.version = {}, {}, 0
        self.reports, self.refuse, self.silent, self.gets = [], list(refuse), silent, 0

    async def __call__(self, broker, link, packet):
        """A client published."""
        if self.silent or not packet.topic.startswith(self.prefix):
            return
        request = json.loads(packet.payload or b"{}")
        operation = packet.topic[len(self.prefix) + 1 :]
        self.gets += operation == "get"
        token = {"clientToken": request["clientToken"]} if "clientToken" in request else {}
        if self.refuse:
            code = self.refuse.pop(0)
            await self._say(broker, f"{operation}/rejected", {"code": code, "message": "refused by the test", **token})
        elif operation == "get":
            await self._get(broker, token)
        elif operation == "update":
            await self._update(broker, request, token)

    async def _get(self, broker, token):
        if not self.version:
            return await self._say(broker, "get/rejected", {"code": 404, "message": "No shadow exists", **token})
        state = {"desired": self.desired, "reported": self.reported}
        if delta := difference(self.desired, self.reported):
            state["delta"] = delta
        await self._say(broker, "get/accepted", {"state": state, "version": self.version, **token})

    async def _update(self, broker, request, token):
        state = request["state"]
        if "reported" in state:
            self.reports.append(state["reported"])
        merge(self.reported, state.get("reported") or {})
        merge(self.desired, state.get("desired") or {})
        self.version += 1
        await self._say(broker, "update/accepted", {"state": state, "version": self.version, **token})
        await self.tell_delta(broker)

    async def desire(self, broker, state):
        """The cloud sets desired members."""
        merge(self.desired, state)
        self.version += 1
        await self.tell_delta(broker)

    async def tell_delta(self, broker):
        """The delta message, when something differs."""
        if delta := difference(self.desired, self.reported):
            await self._say(broker, "update/delta", {"state": delta, "version": self.version})

    async def _say(self, broker, topic, document):
        await broker.publish(f"{self.prefix}/{topic}", json.dumps(document).encode(), 1)


def merge(old, new):
    """Per member and recursive; null deletes."""
    for key, value in new.items():
        if value is None:
            old.pop(key, None)
        elif isinstance(value, dict):
            below = old.get(key)
            old[key] = below if isinstance(below, dict) else {}
            merge(old[key], value)
        else:
            old[key] = value


def difference(desired, reported):
    """The desired members that are absent from, or different in, reported."""
    found = {}
    for key, value in desired.items():
        other = reported.get(key)
        if isinstance(value, dict) and isinstance(other, dict):
            if below := difference(value, other):
                found[key] = below
        elif key not in reported or other != value:
            found[key] = value
    return found
