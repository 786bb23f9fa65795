"""The link cut at every point of a dialogue, and servers that talk at random."""

import asyncio
import os
import random

from tests.harness import broker_packets as mqtt
from tests.harness.broker_faults import Fault
from tests.harness.broker_wire import CutWire, Wire

from .row import Row, traffic

_FAST = {"random": 0}
_LOST = ("closed before CONNACK", "closed after SUBSCRIBE to", "closed after PUBLISH to echo/x")
_LOST_TLS = ("closed in the TLS handshake", "closed before CONNACK")
_PARTS = 5  # of a row that would take a quarter of an hour, side by side
_LAST = 6  # bytes at the end of the dialogue that every row cuts at
_MINUTES = float(os.environ.get("FUZZ_MINUTES", "2"))
_TELLS = 4  # messages to the device on each connection to a server that babbles


class Tally(Wire):
    """Counts the bytes of a whole dialogue."""

    def __init__(self):
        self.count = {"up": 0, "down": 0}

    async def up(self, data, before):
        self.count["up"] = before + len(data)
        yield data

    async def down(self, data, before):
        self.count["down"] = before + len(data)
        yield data


class Cuts:
    """Connection 0 is whole and tells how long the dialogue is. From `begin` on each second connection is cut at the
    next point: every `step`-th byte from `first` on in either direction, and each of the last; both: by FIN and by RST,
    else by turns.
    """

    def __init__(self, step, both, first):
        self.step, self.both, self.first = step, both, first
        self.whole, self.points, self.begin = Tally(), [], 0

    def __call__(self, number):
        if number == 0:
            return self.whole
        point, whole = divmod(number - self.begin, 2)
        return None if whole or not 0 <= point < len(self.points) else CutWire(**self.points[point])

    def measured(self, begin):
        """The whole dialogue is over, and connection `begin` comes next."""
        self.begin = begin
        for name, size in self.whole.count.items():
            assert size > 4 * _LAST, f"the dialogue had {self.whole.count} bytes"
            for at in sorted({*range(self.first, size + 1, self.step), *range(size - _LAST + 1, size + 1)}):
                for reset in (False, True) if self.both else (at % 2 == 0,):
                    self.points.append({f"{name}_bytes": at, "reset": reset})


async def _every_point(run):
    device = await run.start()
    cuts, finished = run.wires, 0
    await device.until(lambda: run.relay.ended, "a whole dialogue")
    cuts.measured(run.relay.connections)
    end = cuts.begin + 2 * len(cuts.points)
    while run.relay.connections < end:
        assert device.returncode is None, f"the device ended at connection {run.relay.connections}"
        before = run.relay.connections
        await asyncio.sleep(0)
        await device.until(lambda before=before: run.relay.connections > before, f"connection {before + 1} of {end}")
        finished = len(device.heard("got"))
        del run.broker.links[:-20]  # each keeps its buffers, of which TLS has half a megabyte
    assert finished >= len(cuts.points) * 0.8, f"{finished} dialogues came to their end at {len(cuts.points)} cuts"
    link = await device.until(lambda: run.broker.link_of("device"), "a last link")
    await device.until(lambda: link.session and "ctl" in link.session.filters, "a last subscription")
    await run.finish()
    marks = [said["heap"] for said in device.heard("mark")]
    if len(marks) > 3 and marks[0]:
        grown = (min(marks[-2:]) - min(marks[:2])) / (20 * (len(marks) - 2))
        run.measure(grown < 100, f"{grown:.0f} bytes a dialogue: {marks}")


def _cut(name, step, both=True, first=1, **row):
    return Row(
        name,
        wires=lambda: Cuts(step, both, first),
        program="dialogue",
        script=_every_point,
        tells=0,
        anew=True,
        device=_FAST,
        cause=_LOST_TLS if "tls" in row else _LOST,
        slow="this program has no ticker of its own",
        **row,
    )


class Babble(Fault):
    """The first `bad` connections are served by chance: packets are damaged, repeated, split, left out, cut off, and
    others, valid or not, come between them."""

    def __init__(self, seed, bad):
        super().__init__()
        self.chance, self.bad = random.Random(seed), bad

    async def send(self, link, data, forward):
        chance = self.chance
        roll = chance.random() if link.index < self.bad else 1
        if data[0] >> 4 == mqtt.CONNACK and roll > 0.1:
            return await forward()  # most dialogues get beyond the first packet
        if roll < 0.1:
            damaged = bytearray(data)
            for _ in range(chance.randint(1, 3)):
                damaged[chance.randrange(len(damaged))] = chance.randrange(256)
            link.rules.answered(bytes(damaged))  # a damaged CONNACK may be one still
            await link.write(bytes(damaged))
        elif roll < 0.15:
            await link.write(data[: chance.randrange(len(data))])
            link.close(reset=chance.random() < 0.5)
        elif roll < 0.2:
            await link.write(data, data)
        elif roll < 0.25:
            pass
        elif roll < 0.35:
            await link.write(*[bytes((byte,)) for byte in data])
        elif roll < 0.5:
            await link.write(data + self._other())
        else:
            await forward()

    def _other(self):
        """A packet that nothing asked for, or noise."""
        chance = self.chance
        pid = chance.randint(0, 65535)
        noise = bytes(chance.randrange(256) for _ in range(chance.randint(1, 40)))
        return chance.choice(
            [
                mqtt.puback(pid),
                mqtt.suback(pid, [chance.choice([0, 1, 2, 0x80])]),
                mqtt.unsuback(pid),
                mqtt.pingresp(),
                mqtt.publish("in/x", noise, chance.randint(0, 1), pid),
                mqtt.encode(chance.randrange(256), noise),
                noise,
                mqtt.connack(chance.randint(0, 6)),
                b"\x30\xff\xff\xff" + noise,
                mqtt.publish(noise, noise),
            ]
        )


def _babble(name, seed, bad, **row):
    async def script(run):
        device = await run.start()
        turn = 0
        while len(run.broker.links) <= bad:
            assert device.returncode is None, f"the device ended at connection {len(run.broker.links)}"
            if turn < _TELLS * len(run.broker.links):  # no more than a session can take before it is cut
                await run.tell(f"babble-{turn}", qos=turn % 2)
                turn += 1
            await asyncio.sleep(0.4)
        run.sent.clear()
        # what a lying server acknowledged is gone; from here on it is honest
        link = await device.until(lambda: run.broker.link_of("device"), "an honest link")
        link.close()
        await device.until(lambda: run.broker.link_of("device") not in (None, link), "another honest link")
        await traffic(run)

    return Row(
        name,
        faults=lambda: [Babble(seed, bad)],
        script=script,
        truthful=False,
        cause=("the server broke the protocol: packet 0x", "closed after"),
        growth_bytes=10000,
        device={**_FAST, "publishes": 10**9, "period_ms": 2000, "backlog": 1000},
        **row,
    )


ROWS = [
    _cut("cut at every seventh byte and the last, both ways, FIN and RST", 7, within_s=1600),
    _cut("cut at every byte, both ways, FIN and RST", 1, within_s=8000, long=True),
    _cut("TLS: cut at every 251st byte and the last, both ways", 251, False, within_s=1600, tls=("good",)),
    *(
        _cut(
            f"TLS: cut at every byte, both ways, FIN and RST by turns, part {part} of {_PARTS}",
            _PARTS,
            False,
            part,
            within_s=36000,
            long=True,
            tls=("good",),
        )
        for part in range(1, _PARTS + 1)
    ),
    _babble("a server that babbles, 40 connections", 1, 40, within_s=1600),
    _babble("a server that babbles for minutes", 2, int(_MINUTES * 500), within_s=2400 * _MINUTES + 7200, long=True),
]
