"""How large a shadow may be: `python -m tests.benchmarks.limits`.

For each heap the most desired members, all of them different from what is reported, that a handler gets from the
answer to the get after a connect: that is the largest message of a shadow, with each member in desired, in delta and
twice in the metadata. 32-bit MicroPython, the .mpy files that boards get, a program that does nothing else, no TLS (on
an ESP32 its buffers lie outside of this heap).
https://docs.aws.amazon.com/iot/latest/developerguide/device-shadow-document.html
"""

import asyncio
import json

from tests.harness import program
from tests.harness.broker import Broker
from tests.harness.runtimes import RUNTIMES

_HEAPS_KB = (64, 112, 160)
_MOST = 400  # members: more would be over AWS's 8 KB of desired
_RUNTIME = RUNTIMES["mp32"]


class Document:
    """The shadow service, with a document of so many members, each a name of eight letters and a number."""

    def __init__(self, members):
        state = {f"value{index:03d}": 100000 + index for index in range(members)}
        stamps = {"desired": {name: {"timestamp": 1700000000} for name in state}}
        document = {
            "state": {"desired": state, "delta": state},
            "metadata": {**stamps, "delta": stamps["desired"]},
            "version": 1,
            "timestamp": 1700000000,
        }
        self.state_bytes = len(json.dumps(state, separators=(",", ":")))
        self.payload = json.dumps(document, separators=(",", ":")).encode()

    async def __call__(self, broker, link, packet):
        if packet.topic.endswith("/get"):
            await broker.publish(packet.topic + "/accepted", self.payload, 1)


async def _fits(members, heap_kb):
    async with Broker(services=[Document(members)]) as broker:
        process = await asyncio.create_subprocess_exec(
            *_RUNTIME.command(program("benchmarks", "limit_ours"), broker.port, heap=f"{heap_kb}k"),
            env=_RUNTIME.environment(),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        said, _ = await process.communicate()
        return f"got {members}\n".encode() in said


async def most(heap_kb):
    """The most members in this heap, to two."""
    least, beyond = 0, _MOST + 1
    while beyond - least > 2:
        middle = (least + beyond) // 2
        if await _fits(middle, heap_kb):
            least = middle
        else:
            beyond = middle
    return least


def main():
    print("| heap | members of desired | bytes of desired | bytes of the answer |\n|---|---|---|---|")
    for heap_kb in _HEAPS_KB:
        members = asyncio.run(most(heap_kb))
        document = Document(members)
        print(f"| {heap_kb} KB | {members} | {document.state_bytes:,} | {len(document.payload):,} |", flush=True)


if __name__ == "__main__":
    main()
