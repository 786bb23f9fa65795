"""Being offline, and coming back."""

import asyncio

from tests.harness import broker_packets as mqtt
from tests.harness.broker_faults import CloseAfter, CloseOn
from tests.harness.broker_shadow import BrokerShadow

from .row import ENDED, Row, traffic

_WORDS = {"cpython": 0, "mp64": 2, "mp32": 1}


async def _hour(run):
    """An hour without network, a report every second: the heap stays flat, one merged report follows on return."""
    device = await run.start()
    await device.says("ready")
    service = run.broker.services[0]
    await run.broker.stop()
    seen = len(service.reports)
    marks = await device.until(lambda: device.heard("mark", count=3600), "the end of the hour")
    await run.broker.start()
    await device.until(lambda: service.reported.get("count") == 3600, "the merged report")
    late = service.reports[seen:]
    # those that were in flight when the link went, and one for all the others
    assert len(late) <= 11, f"{late} after the outage"
    assert set(service.reported["nested"]) == {f"k{index}" for index in range(5)}, service.reported
    heaps = [said["heap"] for said in device.heard("mark")]
    assert marks
    run.measure(max(heaps[1:]) - min(heaps[1:]) <= 1024 * _WORDS[run.runtime], f"not flat: {heaps}")
    await run.finish()


async def _full(run):
    """The queue fills while offline: the caller is told; what was accepted before is there later."""
    await run.broker.stop()
    device = await run.start()
    said = await device.says("raised", what="publish")
    assert "queue full" in said["text"], said
    assert 1 <= len(device.heard("accepted")) < run.params["publishes"]
    await run.broker.start()
    await device.says("ready")
    await run.settled()
    await run.finish()


async def _too_large(run):
    """A message that can never fit into the queue is refused at once."""
    device = await run.start()
    said = await device.says("raised", what="publish")
    assert said["type"] == "ValueError", said
    await device.says("ready")
    await run.finish()


async def _restarts(run):
    """The broker is stopped and started again and again under publishes in both directions."""
    device = await run.start()
    await device.says("ready")
    wanted, times = run.params["publishes"], run.row.device["restarts"]
    told = 0
    for count in range(times):
        for _ in range(wanted // times):
            await run.tell(f"told-{told}")
            told += 1
            await asyncio.sleep(0)
        await asyncio.sleep(1.2 + 0.4 * (count % 5))
        await run.broker.stop(reset=count % 2 == 0)
        await asyncio.sleep(0.8 * (count % 3))
        await run.broker.start()
        link = await device.until(lambda: run.broker.link_of("device"), f"a link after stop {count + 1}")
        await device.until(lambda link=link: link.closed_at or link.session, "the session")
    await device.until(lambda: len(device.heard("accepted")) >= wanted, "all publishes")
    await run.settled()
    await run.finish()


async def _power_cut(run):
    """The power goes with a publish in flight: the last will is out; after a new start the session goes on."""
    device = await run.start()
    await device.says("accepted", count=2)
    device.kill()
    await device.ends()
    while run.broker.live():
        await asyncio.sleep(0.01)
    assert run.broker.wills == [("will", b"gone", 1, True)], run.broker.wills
    await run.tell("while-off")
    again = await run.start()
    await again.says("got", payload="while-off")
    await traffic(run)
    assert len(run.broker.wills) == 1, "a clean end published the will"


async def _cycles(run):
    """Many connections, one after the other, each ended in its own way: the heap does not grow with them."""
    device = await run.start()
    for count in range(1, 26):
        await device.says("ready", count=count)
        await run.order(do="heap")
        await device.says("heap", count=count + 1)
        run.broker.live()[0].close(reset=count % 2 == 0)
    await device.says("ready", count=26)
    heaps = [said["bytes"] for said in device.heard("heap")][1:]
    per_cycle = (min(heaps[20:]) - min(heaps[4:9])) / 16
    run.measure(per_cycle < 100, f"{per_cycle:.0f} bytes a cycle: {heaps}")
    await traffic(run)


async def _blocks(run):
    """Many connections and messages of many sizes: the largest free piece of the heap stays as large as it was."""
    device, cycles = await run.start(), run.params["cycles"]
    for count in range(1, cycles + 1):
        await device.says("ready", count=count)
        for size in (10, 700 + 37 * count % 1500, 90):
            await run.tell(b"%d" % count + b"x" * size)
        await run.order(do="publish", name=f"cycle-{count}", count=3)
        await device.says("accepted", payload=f"cycle-{count}-2")
        await run.settled()
        await run.order(do="block")
        await device.says("block", count=count)
        run.broker.live()[0].close(reset=count % 2 == 0)
    await device.says("ready", count=cycles + 1)
    blocks = [said["bytes"] for said in device.heard("block")]
    quarter = cycles // 4
    # of a few the best: what a conservative collector takes for a pointer may split the heap for a moment
    before, after = max(blocks[2 : 2 + quarter]), max(blocks[-quarter:])
    run.measure(after >= 0.9 * before, f"the largest free block shrank from {before} to {after}: {blocks}")
    await traffic(run)


async def _failed_cycles(run):
    """Many attempts that fail: nothing is left of them."""
    device = await run.start()
    await device.says("disconnected", count=24)
    run.broker.faults.clear()
    await device.says("ready")
    heaps = [said["heap"] for said in device.heard("failed")]
    per_cycle = (min(heaps[18:24]) - min(heaps[3:8])) / 15
    run.measure(per_cycle < 100, f"{per_cycle:.0f} bytes a cycle: {heaps}")
    await traffic(run)


_FAST = {"random": 0}
_OFTEN = f"times shortly after connecting: does another device use client id device? | {ENDED}"
_SMALL_QUEUE = {"window": 10, "queue_bytes": 1000, "timeout_ms": 2000}

ROWS = [
    Row(
        "an hour offline, a report a second",
        program="shadow",
        script=_hour,
        services=lambda: [BrokerShadow()],
        device={"reports": 3600, "options": {"window": 10}},
        within_s=4000,
        cause="cannot be reached: refused",
    ),
    Row(
        "queue full while offline",
        script=_full,
        tells=0,
        device={"publishes": 60, "period_ms": 50, "size": 100, "options": _SMALL_QUEUE},
        cause="cannot be reached: refused",
    ),
    Row(
        "message larger than the queue",
        script=_too_large,
        tells=0,
        device={"publishes": 1, "size": 5000, "options": _SMALL_QUEUE},
        growth_bytes=8192,
    ),
    Row(
        "broker restarts 6 times under 60 publishes each way",
        script=_restarts,
        within_s=1600,
        tells=0,
        device={**_FAST, "publishes": 60, "period_ms": 800, "restarts": 6},
        cause=_OFTEN,
    ),
    Row(
        "broker restarts 50 times under 200 publishes each way",
        script=_restarts,
        within_s=4800,
        tells=0,
        long=True,
        device={
            **_FAST,
            "publishes": 200,
            "period_ms": 1600,
            "restarts": 50,
            "options": {"window": 10, "queue_bytes": 20000},
        },
        heap="160k",
        cause=_OFTEN,
    ),
    Row(
        "25 links lost: the heap per cycle",
        script=_cycles,
        within_s=1200,
        device=_FAST,
        cause=_OFTEN,
    ),
    Row(
        "25 TLS links lost: the heap per cycle",
        script=_cycles,
        within_s=1600,
        device=_FAST,
        tls=("good",),
        cause=_OFTEN,
    ),
    *(
        Row(
            f"{cycles} links lost: the largest free block",
            script=_blocks,
            within_s=80 * cycles,
            runtimes=("mp64", "mp32"),
            device={**_FAST, "cycles": cycles},
            growth_bytes=4096,
            cause=_OFTEN,
            slow="the program itself looks for the largest block",
            long=cycles > 20,
        )
        for cycles in (16, 200)
    ),
    Row(
        "24 attempts that fail: the heap per cycle",
        script=_failed_cycles,
        within_s=1600,
        program="failing",
        device=_FAST,
        faults=lambda: [CloseAfter(mqtt.CONNACK), CloseOn(mqtt.SUBSCRIBE)],
        cause=_OFTEN,
    ),
    Row(
        "24 TLS handshakes that fail: the heap per cycle",
        script=_failed_cycles,
        within_s=1200,
        program="failing",
        device=_FAST,
        tls=("stranger",) * 24 + ("good",),
        cause="the server's certificate is not signed by the given CA",
    ),
    Row("power cut with a publish in flight", script=_power_cut, program="will"),
]
