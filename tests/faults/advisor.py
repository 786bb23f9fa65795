"""A trial: examples/device_advisor/main.py against the scripted broker, judged as AWS IoT Core Device Advisor does,
in stepped time (tests/harness/stepped.py).

https://docs.aws.amazon.com/iot/latest/developerguide/device-advisor-tests.html
"""

import asyncio
import contextlib
import json
import tempfile
from pathlib import Path

from tests.harness import stepped
from tests.harness.broker import Broker
from tests.harness.broker_jobs import BrokerJobs
from tests.harness.broker_shadow import BrokerShadow
from tests.harness.broker_wire import Relay, Wire

from .pki import HOST, context, pki
from .process import Device

MAIN = Path(__file__).parents[2] / "examples" / "device_advisor" / "main.py"
NAME = "advisee"
TRIGGER = f"cmd/{NAME}/trigger"
PASS, WARN, FAIL = "pass", "pass with warnings", "fail"


class Ears(Wire):
    """Carries everything and remembers what the device sent below the packets."""

    def __init__(self):
        self.heard = b""

    async def up(self, data, before):
        self.heard += data
        yield data


class Trial:
    """One test case on one runtime: the broker with its faults, and the device."""

    def __init__(self, runtime, faults=(), tls=("good",), heap="256k"):
        self.runtime, self.faults, self.tls, self.heap = runtime, faults, tls, heap
        self.shadow, self.jobs = BrokerShadow(NAME), BrokerJobs(NAME)
        self.ears = {}  # connection number -> Ears

    async def __aenter__(self):
        self._stack = contextlib.AsyncExitStack()
        services = [self.shadow, self.jobs]
        self.broker = await self._stack.enter_async_context(Broker(self.faults, services=services))
        ports = [await self.broker.listen(context(kind)) for kind in self.tls]
        relay = Relay(lambda number: ("127.0.0.1", ports[min(number, len(ports) - 1)]), self._wire)
        self.relay = await self._stack.enter_async_context(relay)
        folder = self._stack.enter_context(tempfile.TemporaryDirectory())
        self._configure(Path(folder))
        params = {"main": str(MAIN), "seed": 7}
        device = Device(self.runtime, "advisee", params, self.heap, cwd=folder)
        self.device = await self._stack.enter_async_context(device)
        return self

    async def __aexit__(self, *_):
        await self._stack.aclose()

    def _wire(self, number):
        return self.ears.setdefault(number, Ears())

    def _configure(self, folder):
        files = pki().device()
        conf = {"endpoint": HOST, "mqttid": NAME, "thingname": NAME, "port": self.relay.port, "cacert": "ca.pem"}
        (folder / "thing.conf.json").write_text(json.dumps(conf))
        for name, source in (("ca.pem", "ca"), ("certificate.pem.crt", "cert"), ("private.pem.key", "key")):
            (folder / name).write_bytes(Path(files[source]).read_bytes())

    async def until(self, done, within_s=120):
        """Wait for `within_s` at most; the result, or something false when it was not so in time."""
        with contextlib.suppress(asyncio.TimeoutError):
            return await asyncio.wait_for(self.device.until(done, "what the test waits for"), within_s)
        return done()

    def packets(self, kind):
        """Every packet of one kind, of all connections."""
        return [packet for link in self.broker.links for packet in link.sent(kind)]

    def link(self):
        return self.broker.link_of(NAME)

    async def subscribed(self, within_s=120):
        """The link on which the trigger topic is subscribed."""

        def found():
            link = self.link()
            return link if link and link.session and TRIGGER in link.session.filters else None

        return await self.until(found, within_s)

    def waits(self, first=0):
        """Seconds from the end of each connection, from the `first` on, to the next one that reached the broker."""
        links = [link for link in self.broker.links[first:] if link.connect is not None]
        ends = [link.closed_at for link in links]
        return [after.opened_at - end for end, after in zip(ends, links[1:], strict=False) if end is not None]


def backoff(waits):
    """How the waits between attempts grow: "jitter", "exponential", "linear", "constant" or "none"."""
    steps = [after - before for before, after in zip(waits, waits[1:], strict=False)]
    mean = sum(waits) / len(waits)
    if max(waits) - min(waits) < 0.1 * mean:
        return "constant" if mean > 0.5 else "none"
    if max(steps) - min(steps) < 0.1 * mean:
        return "linear"
    ratios = [after / before for before, after in zip(waits, waits[1:], strict=False)]
    if min(ratios) > 1.2 and max(ratios) - min(ratios) < 0.1 * max(ratios):
        return "exponential"
    half = len(waits) // 2
    early, late = waits[:half], waits[-half:]
    return "jitter" if sum(late) / half > sum(early) / half else "none"


def judged(waits):
    """Device Advisor's verdict on a back-off."""
    kind = backoff(waits)
    return {"jitter": PASS, "exponential": WARN}.get(kind, FAIL), f"{kind} ({', '.join(f'{w:.1f}' for w in waits)} s)"


def run_case(case, runtime):
    """(verdict, note) of one case; an error of the trial is a failure of the device."""
    try:
        return stepped.run(case(runtime))
    except Exception as error:
        return FAIL, f"{type(error).__name__}: {error}"
