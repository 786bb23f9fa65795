"""The link cut at every point of a dialogue, and servers that talk at random."""

import asyncio
import os
import random

from tests.harness import broker_packets as mqtt
from tests.harness.broker_faults import Fault
from tests.harness.broker_wire import CutWire

from .row import Row, traffic

_FAST = {"clock": 40, "random": 0}
# every byte of the dialogue of device_dialogue.py lies below these; TLS 1.3 with P-256, in front of it
_UP, _DOWN, _UP_TLS, _DOWN_TLS = 110, 75, 1700, 2300
_MINUTES = float(os.environ.get("FUZZ_MINUTES", "2"))


class Cuts:
    """Connection 0, 2, 4 ... is cut at the next point, each second one is whole."""

    def __init__(self, up, down, step, resets=(False, True)):
        self.points = [{"up_bytes": at, "reset": reset} for reset in resets for at in range(1, up, step)]
        self.points += [{"down_bytes": at, "reset": reset} for reset in resets for at in range(1, down, step)]

    def __call__(self, number):
        point = number // 2
        return CutWire(**self.points[point]) if number % 2 == 0 and point < len(self.points) else None


async def _every_point(run):
    device = await run.start()
    cuts, finished = run.wires, 0
    end = 2 * len(cuts.points)
    while run.relay.connections < end:
        assert device.returncode is None, f"the device ended at connection {run.relay.connections}"
        before = run.relay.connections
        await asyncio.sleep(0)
        await device.until(
            lambda before=before: run.relay.connections > before, 15, f"connection {before + 1} of {end}"
        )
        finished = len(device.heard("got"))
    assert finished >= len(cuts.points) * 0.8, f"{finished} dialogues came to their end at {len(cuts.points)} cuts"
    link = await device.until(lambda: run.broker.link_of("device"), 10, "a last link")
    await device.until(lambda: link.session and "ctl" in link.session.filters, 10, "a last subscription")
    await run.finish()
    marks = [said["heap"] for said in device.heard("mark")]
    if len(marks) > 3 and marks[0]:
        grown = (min(marks[-2:]) - min(marks[:2])) / (20 * (len(marks) - 2))
        run.measure(grown < 100, f"{grown:.0f} bytes a dialogue: {marks}")


def _cut(name, up, down, step, **row):
    return Row(
        name,
        wires=lambda: Cuts(up, down, step),
        program="dialogue",
        script=_every_point,
        tells=0,
        device=_FAST,
        anew=True,
        cause="closed before CONNACK",
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
            await run.tell(f"babble-{turn}", qos=turn % 2)
            await asyncio.sleep(0.01)
            turn += 1
        run.sent.clear()
        # what a lying server acknowledged is gone; from here on it is honest
        link = await device.until(lambda: run.broker.link_of("device"), 20, "an honest link")
        link.close()
        await device.until(lambda: run.broker.link_of("device") not in (None, link), 20, "another honest link")
        await traffic(run)

    return Row(
        name,
        faults=lambda: [Babble(seed, bad)],
        script=script,
        truthful=False,
        cause=("the server broke the protocol: packet 0x", "closed after"),
        growth_bytes=24000,
        device={**_FAST, "publishes": 10**9, "period_ms": 2000},
        **row,
    )


ROWS = [
    _cut("cut at every seventh byte, both ways, FIN and RST", _UP, _DOWN, 7, within_s=40),
    _cut("cut at every byte, both ways, FIN and RST", _UP, _DOWN, 1, within_s=200, long=True),
    _cut(
        "TLS: cut at every 29th byte, both ways, FIN and RST",
        _UP_TLS,
        _DOWN_TLS,
        29,
        within_s=400,
        long=True,
        tls=("good",),
    ),
    _babble("a server that babbles, 40 connections", 1, 40, within_s=40),
    _babble("a server that babbles for minutes", 2, int(_MINUTES * 500), within_s=600, long=True),
]
