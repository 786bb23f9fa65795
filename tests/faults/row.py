"""One row of the catalogue: a fault, the device that meets it, and what must come of it."""

import asyncio
import contextlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field

from tests.harness import board_tls
from tests.harness.broker import Broker
from tests.harness.broker_refuser import Refuser
from tests.harness.broker_wire import Relay
from tests.harness.runtimes import RUNTIMES

from . import law
from .pki import context, pki
from .process import Device

_HEAPS = {"cpython": None, "mp64": "224k", "mp32": "112k"}

# A cause for a link that the server ended in use: whether a publish was on its way is chance.
ENDED = "closed by the server after | closed after PUBLISH to out: does the policy allow iot:Publish there?"


@dataclass
class Row:
    """The default script: the device connects, publishes and is published to, the fault strikes, everything accepted
    arrives in both directions, and the device ends soundly. A row is the faults plus what differs from that. Its time
    is stepped (tests/harness/stepped.py): all of it is the device's, and no machine is too slow for it."""

    name: str  # unique, in words
    group: str = ""
    faults: Callable = tuple  # () -> the broker's faults
    wires: Callable | None = None  # () -> (connection number -> wire fault)
    tls: tuple = ()  # kinds of server (pki.py) that the connections meet in turn; the last one stays
    program: str = "session"
    device: dict = field(default_factory=dict)  # parameters of the program
    tells: int = 2  # QoS 1 messages to the device
    cause: str | tuple = ()  # words that disconnected events tell, each of them; "this | that": one of both will do
    error: str | None = None  # words of an error event
    raises: str | None = None  # words of an exception that a call raised
    connects: int | None = None  # CONNECTs that reached the broker, exactly
    script: Callable | None = None  # async (run): instead of the default
    check: Callable | None = None  # (run): more assertions at the end
    services: Callable = tuple
    copies: bool = False  # the broker sends a message once for each filter that takes it
    strays: tuple = ()  # messages that the faults themselves send; they must arrive
    heap: str | None = None  # MicroPython's; None: that of a grown ESP32, doubled where words are
    within_s: float = 200  # for the whole row
    slow: str | None = None  # why the ticker beside async run() may wait for longer than 100 ms; the table lists it
    growth_bytes: int = 2048  # 32-bit heap after the fault against the first ready link (leaks: see the cycles)
    breaches: str | None = None  # words of a breach of the rules that this row provokes
    drivers: tuple = ("poll", "async")
    runtimes: tuple = ("cpython", "mp64", "mp32")
    doors: tuple = ("mqtt", "wss")
    truthful: bool = True  # the server's word can be believed: what it acknowledged it has
    anew: bool = False  # the program makes new clients, whose stats know nothing of what was said before
    long: bool = False  # only in `make faults`

    def meets(self, runtime, driver, door="mqtt"):
        """Is it played there? What needs TLS 1.3 only where both sides have it."""
        needs_tls13 = any(kind.endswith("13") for kind in self.tls)
        knows = RUNTIMES[runtime].tls13 and not board_tls.everywhere()
        meant = runtime in self.runtimes and driver in self.drivers and door in self.doors
        return meant and (knows or not needs_tls13)


class Run:
    """A row on one runtime under one driver, through one door: "mqtt", or "wss": all of it in a WebSocket."""

    def __init__(self, row, runtime, driver, door="mqtt"):
        self.row, self.runtime, self.driver, self.door = row, runtime, driver, door
        self.sent = []  # QoS 1 payloads for the device
        self.excess = []  # what took too much memory; judged last, so that it hides nothing
        self.seconds = 0.0

    async def play(self):
        """Run it to its end and judge; AssertionError says what is wrong."""
        loop, row = asyncio.get_running_loop(), self.row
        begin = loop.time()
        async with contextlib.AsyncExitStack() as stack:
            self.stack = stack
            self.broker = await stack.enter_async_context(self._broker())
            await self._listen(stack)
            self.params = {**self._defaults(), **row.device}
            script = row.script or default_script
            try:
                await asyncio.wait_for(script(self), row.within_s)
                self.seconds = loop.time() - begin
                law.judge(self)
            except Exception as error:
                kind = law.Measured if isinstance(error, law.Measured) else AssertionError
                text = str(error) or f"{type(error).__name__}: no {self.device.awaited} within {row.within_s:g} s"
                raise kind(f"{text}\n{law.account(self)}") from error
            finally:
                self.seconds = self.seconds or loop.time() - begin

    def _broker(self):
        row = self.row
        return Broker(row.faults(), services=row.services(), websocket=self.door == "wss", copies=row.copies)

    def measure(self, good, text):
        """Judge the heap: unlike all else, that is done again when it is over its limit."""
        if not good:
            self.excess.append(text)

    async def _listen(self, stack):
        """The broker's listeners, and the relay when the row has wires or several kinds of TLS server."""
        row, self.wires = self.row, self.row.wires() if self.row.wires else None
        ports = [await self._server(kind) for kind in row.tls] or [self.broker.port]
        self.port = ports[0]
        if self.wires or len(ports) > 1:
            relay = Relay(lambda number: ("127.0.0.1", ports[min(number, len(ports) - 1)]), self.wires)
            self.relay = await stack.enter_async_context(relay)
            self.port = self.relay.port

    async def _server(self, kind):
        if kind.startswith("refuse"):
            return (await self.stack.enter_async_context(Refuser(context(kind)))).port
        return await self.broker.listen(context(kind))

    def _defaults(self):
        params = {"port": self.port, "driver": self.driver, "limit_s": self.row.within_s, "clean": False}
        params["door"] = self.door
        params["options"] = {"window": 10}
        if self.row.tls:
            params["tls"] = pki().device()
        return params

    async def start(self, **params):
        """Start the device."""
        heap = self.row.heap or _HEAPS[self.runtime]
        device = Device(self.runtime, self.row.program, {**self.params, **params}, heap)
        self.device = await self.stack.enter_async_context(device)
        return self.device

    async def tell(self, payload, topic="in/x", qos=1):
        """A message for the device; at QoS 1 it must arrive."""
        payload = payload if isinstance(payload, bytes) else payload.encode()
        if qos:
            self.sent.append(payload)
        await self.broker.publish(topic, payload, qos)

    async def order(self, **what):
        """An order for the device program, over MQTT."""
        await self.broker.publish("ctl", json.dumps(what).encode(), 1)

    async def settled(self):
        """Wait until all that either side accepted has arrived and is acknowledged."""
        await self.device.until(lambda: not law.outstanding(self), f"arrival of {law.outstanding(self)}")

    async def finish(self):
        """Let the device end, which needs a good link."""
        await self.order(do="heap")
        await self.order(do="finish")
        await self.device.ends()


async def default_script(run):
    """See Row."""
    await run.start()
    await traffic(run)


async def traffic(run):
    """The default script for a device that runs already."""
    device = run.device
    await device.says("ready")
    await device.until(lambda: _subscribed(run), "subscriptions")
    for index in range(run.row.tells):
        await run.tell(f"told-{index}")
        await asyncio.sleep(0.3)
    if run.row.truthful:
        wanted = run.params.get("publishes", 3)
        await device.until(lambda: len(device.heard("accepted")) >= wanted, f"{wanted} publishes")
        await run.settled()
    await run.finish()


def _subscribed(run):
    session = run.broker.sessions.get(run.params.get("client_id", "device"))
    return session and {"ctl", "in/#"} - ({"in/#"} if not run.row.tells else set()) <= set(session.filters)


class First:
    """The first `count` connections meet a wire fault of their own, made by `make`."""

    def __init__(self, make, count=1):
        self.made = [make() for _ in range(count)]

    def __call__(self, number):
        return self.made[number] if number < len(self.made) else None
