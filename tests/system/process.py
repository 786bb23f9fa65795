"""The test's end of agent.py: a device as a process of its own, told what to do."""

import json
from pathlib import Path

from tests.harness import HANG_S, program
from tests.harness.runtimes import Process, Runtime

_AGENT = program("system", "agent")
_HEAPS = {"cpython": None, "mp64": "160k", "mp32": "80k"}  # the agent itself is compiled in it


class Raised(Exception):
    """What the device's program raised: its class and base classes by name, text, and the code of a Rejected."""

    def __init__(self, event: dict) -> None:
        super().__init__(f"{event['kinds'][0]}: {event['text']}")
        self.kinds, self.text, self.code = event["kinds"], event["text"], event["code"]


class Device(Process):
    """A thing on one runtime, which connects by itself; the constructor awaits "ready" unless told not to.

    `sleepless`: its sleeps, as in a back-off, take no time. `late`: its clock is an hour behind. `idle`: it does only
    what it is asked to, and is not awaited.
    """

    def __init__(
        self, runtime: Runtime, configuration: Path, ready: bool = True, heap=None, sleepless: bool = False,
        late: bool = False, idle: bool = False, **options,
    ) -> None:  # fmt: skip
        heap = heap or _HEAPS[runtime.name]
        words = [word for word, wanted in (("sleepless", sleepless), ("late", late), ("idle", idle)) if wanted]
        arguments = [configuration, json.dumps(options), *words]
        super().__init__(runtime, _AGENT, *arguments, heap=heap)
        self.expect("started")
        if ready and not idle:
            self.expect("ready")

    def ask(self, source: str, timeout_s: float = HANG_S):
        """The value of an expression on the device, None of statements; Raised when it raises.

        What the device says meanwhile can still be expected afterwards.
        """
        taken = self._taken
        self.send(json.dumps(source))
        self._taken = len(self.events)
        event = self.expect_that(lambda event: event["event"] in ("answer", "raised"), timeout_s, f"answer to {source}")
        self._taken = taken
        if event["event"] == "raised":
            raise Raised(event)
        return event["value"]
