"""Faults of name and network."""

import asyncio

from tests.harness import broker_packets as mqtt
from tests.harness.broker_faults import CloseOnOpen, Latency, Split, StopReading
from tests.harness.broker_wire import BlackHole, CutWire, DeafWire, DripWire, SlowWire, StallWire
from tests.harness.ports import free_port

from .row import ENDED, First, Row, traffic


async def _refused_then_there(run):
    await run.broker.stop()
    device = await run.start()
    await device.says("disconnected", count=3)
    await run.broker.start()
    await traffic(run)


async def _dns_fails(run):
    await run.start(host="endpoint.example", dns=["fail", "fail", [run.port]])
    await traffic(run)


async def _dns_dead_then_good(run):
    await run.start(host="endpoint.example", dns=["fail", [free_port()], [run.port]])
    await traffic(run)


async def _dns_first_address_dead(run):
    device = await run.start(host="endpoint.example", dns=[[free_port(), run.port]])
    await device.says("ready")
    assert not device.heard("disconnected"), "the second address is tried in the same attempt"
    await traffic(run)


async def _dns_fails_at_reconnect(run):
    device = await run.start(host="endpoint.example", dns=[[run.port], "fail", "fail", [run.port]])
    await device.says("puback", count=3)
    run.broker.live()[0].close()
    await device.says("connected", count=2)
    await traffic(run)


async def _dns_slow(run):
    """The look-up takes 4 s, and the link that it leads to is good."""
    device = await run.start(host="endpoint.example", dns=[["4", run.port]])
    said = await device.says("connected")
    assert said["ms"] >= 4000, "the look-up took no time"
    await traffic(run)


async def _black_hole(run):
    with BlackHole() as hole:
        device = await run.start(host="endpoint.example", dns=[[hole.port], [run.port]])
        said = await device.says("disconnected")
        assert 9_000 < said["ms"] < 12_000, f"the attempt was given up after {said['ms']} ms"
        await traffic(run)


async def _half_open(run):
    """The peer is gone without FIN; writes still succeed."""
    device = await run.start()
    await device.says("puback", count=3)
    before = device.said[-1]["ms"]
    run.wires.made[0].stalled = True
    said = await device.says("disconnected")
    keepalive_s = run.params["keepalive"]
    took = said["ms"] - before
    assert took < 2 * keepalive_s * 1000 + 3000, f"noticed after {took} ms"
    await traffic(run)


async def _ended_while_idle(run):
    device = await run.start()
    await device.says("puback", count=3)
    before = device.said[-1]["ms"]
    run.broker.live()[0].close(reset=run.row.name.endswith("RST"))
    said = await device.says("disconnected")
    assert said["ms"] - before < 5000, f"noticed after {said['ms'] - before} ms"
    await traffic(run)


async def _silent_and_away(run):
    """WiFi drops: the link is silent, then nobody is there, then the network is back."""
    device = await run.start()
    await device.says("puback", count=3)
    run.wires.made[0].stalled = True
    await run.broker.stop()
    await device.says("disconnected", count=2)
    await run.broker.start()
    await traffic(run)


async def _asleep(run):
    """Deep sleep: the process stops, its socket dies, it wakes."""
    device = await run.start()
    await device.says("puback", count=3)
    device.freeze(True)
    run.broker.live()[0].close(reset=True)
    await asyncio.sleep(10)
    device.freeze(False)
    woke = asyncio.get_running_loop().time()
    said = await device.says("connected", count=2)
    assert said["at"] - woke < 5, f"back {said['at'] - woke:.1f} s after waking"
    await traffic(run)


async def _flaky(run):
    """Nine connections, three of them ended by the wire; the others are ended by the server after some use."""
    device = await run.start()
    for count in range(7):
        link = await device.until(lambda: run.broker.link_of("device"), f"link {count}")
        if link.session and "in/#" in link.session.filters:
            await run.tell(f"while-{count}")
        await asyncio.sleep(4)
        link.close(reset=count % 2 == 0)
        await device.until(lambda link=link: link.closed_at, "end of the link")
    await device.until(lambda: run.broker.link_of("device"), "a last link")
    assert run.relay.connections >= 9, f"only {run.relay.connections} connections"
    await traffic(run)


def _backed_off(run):
    """Attempts that fail are no burst: the first retry not before a second, and growing on the whole."""
    begins = [said["ms"] for said in run.device.heard("connecting")]
    gaps = [after - before for before, after in zip(begins, begins[1:], strict=False)]
    assert all(gap >= 950 for gap in gaps), f"a retry before one second: {gaps}"


_UPGRADE_BYTES = 1500  # of the request of a WebSocket with the session token of these tests, and of frames


async def _floods(run):
    """A peer sends at QoS 1 and reads nothing: what waits for it is bounded, and the link ends by its time limit."""
    device = await run.start()
    await device.says("puback")
    before = device.said[-1]["ms"]
    run.broker.delivered.append(("in/x", b"flood"))
    pieces = [
        b"".join(mqtt.publish("in/x", b"flood", 1, pid) for pid in range(first, first + 100))
        for first in range(1, 8001, 100)
    ]
    await run.broker.live()[0].write(*pieces, gap_s=0.05)
    said = await device.says("disconnected")
    assert 10_000 <= said["ms"] - before < 20_000, f"given up after {said['ms'] - before} ms"
    assert len(device.heard("got", payload="flood")) > 6000, "it did not go on for long enough"
    await traffic(run)


_MUCH = {"publishes": 12, "period_ms": 0, "size": 20000, "options": {"window": 20, "queue_bytes": 900000}}


def _whole(run):
    """Every payload arrived as it was sent."""
    for packet in run.broker.published:
        name = packet.payload.split(b".")[0]
        assert packet.payload == name + b"." * (20000 - len(name)), f"damaged: {packet}"


ROWS = [
    Row(
        "refused, later there",
        script=_refused_then_there,
        cause="cannot be reached: refused",
        raises="refused",
        check=_backed_off,
    ),
    Row(
        "DNS fails twice",
        script=_dns_fails,
        cause="cannot look up endpoint.example: no network, no DNS, or a wrong endpoint",
        check=_backed_off,
    ),
    Row(
        "DNS fails, then a dead address, then a good one",
        script=_dns_dead_then_good,
        cause=("cannot look up endpoint.example", "cannot be reached: refused"),
    ),
    Row("DNS: first address dead, second good", script=_dns_first_address_dead),
    Row(
        "DNS fails at reconnect",
        script=_dns_fails_at_reconnect,
        cause=(ENDED, "cannot look up endpoint.example: no network, no DNS, or a wrong endpoint"),
    ),
    Row(
        "DNS takes 4 s",
        script=_dns_slow,
        slow="the look-up blocks: no port offers another",
    ),
    Row("black hole: no answer to SYN", script=_black_hole, cause="no network, or a firewall"),
    Row(
        "reset at accept",
        faults=lambda: [CloseOnOpen(reset=True, times=2)],
        cause="closed before CONNACK | ECONNRESET | Connection reset by peer",
    ),
    Row("closed at accept", faults=lambda: [CloseOnOpen(times=2)], cause="closed before CONNACK"),
    Row(
        "half-open: peer gone without FIN, idle",
        wires=lambda: First(StallWire),
        script=_half_open,
        device={"keepalive": 10},
        cause="no PINGRESP in time",
    ),
    Row(
        "half-open while publishing",
        wires=lambda: First(StallWire),
        script=_half_open,
        device={"keepalive": 30, "publishes": 6, "period_ms": 2000},
        cause="no PUBACK in time",
    ),
    Row(
        "TLS: half-open: peer gone without FIN, idle",
        tls=("good",),
        wires=lambda: First(StallWire),
        script=_half_open,
        device={"keepalive": 10},
        cause="no PINGRESP in time",
    ),
    Row(
        "TLS: half-open while publishing",
        tls=("good",),
        wires=lambda: First(StallWire),
        script=_half_open,
        device={"keepalive": 30, "publishes": 6, "period_ms": 2000},
        cause="no PUBACK in time",
    ),
    Row(
        "short writes",
        program="odd_socket",
        device={"socket": {"write": [1, 1, 2, 3, 5, None, 1, 7]}, "size": 100, "publishes": 6},
        connects=1,
    ),
    Row(
        "ENOMEM from the socket in mid-packet",
        program="odd_socket",
        device={"socket": {"write": [5, -12]}, "size": 100, "publishes": 6},
        cause="no memory for the network",
    ),
    Row(
        "ETIMEDOUT from the socket",
        program="odd_socket",
        device={"socket": {"read": [None, -110]}, "publishes": 6},
        cause="nothing came through in time",
    ),
    Row("ended while idle by FIN", script=_ended_while_idle, cause="closed by the server after"),
    Row("ended while idle by RST", script=_ended_while_idle, cause="closed by the server"),
    Row(
        "WiFi drops for a while",
        wires=lambda: First(StallWire),
        script=_silent_and_away,
        device={"keepalive": 10},
        cause=("no PINGRESP in time", "closed before CONNACK | cannot be reached"),  # the relay is there, and resets
    ),
    Row(
        "deep sleep: socket dead on waking",
        script=_asleep,
        slow="the process is stopped for a second",
        cause="closed by the server after",
    ),
    Row("one byte at a time from the server", wires=lambda: lambda number: DripWire(), tells=3),
    Row("every server packet in two-byte segments", faults=lambda: [Split(size=2)], tells=3),
    Row(
        "peer stops reading: back-pressure",
        wires=lambda: First(lambda: DeafWire(2000, 5)),
        growth_bytes=32000,
        device={**_MUCH, "send_buffer": 4096},
        heap="1m",
        connects=1,
    ),
    Row(
        "peer stops reading for good",
        wires=lambda: First(lambda: DeafWire(2000, 600)),
        cause="no write in time",
        growth_bytes=32000,
        device={**_MUCH, "send_buffer": 4096},
        heap="1m",
    ),
    *[
        Row(
            name,
            script=_floods,
            wires=lambda after=up_bytes: First(lambda: DeafWire(after, 600)),
            device={"send_buffer": 4096, "period_ms": 2000},
            cause="no write in time",
            doors=(door,),
        )
        for name, door, up_bytes in (
            ("a peer that sends and never reads", "mqtt", 200),
            ("a peer that opens a WebSocket, sends and never reads", "wss", _UPGRADE_BYTES + 200),
        )
    ],
    Row(
        "broker stops reading, window shut",
        faults=lambda: [StopReading(mqtt.SUBSCRIBE, 6, times=1)],
        growth_bytes=90000,
        device={**_MUCH, "send_buffer": 4096, "size": 60000},
        heap="4m",
    ),
    Row(
        "TLS: peer stops reading, the same bytes again",
        tls=("good",),
        wires=lambda: First(lambda: DeafWire(9000, 4)),
        growth_bytes=32000,
        device={**_MUCH, "send_buffer": 4096},
        heap="1m",
        connects=1,
        check=_whole,
    ),
    Row("latency of 2 s", faults=lambda: [Latency(2)], connects=1),
    Row("latency of 2 s below TCP", wires=lambda: lambda number: SlowWire(2), connects=1),
    Row(
        "30 % of the connections fail",
        wires=lambda: _three_in_ten,
        script=_flaky,
        device={"publishes": 12, "period_ms": 2000, "random": 0},
        within_s=400,
        cause=("closed before CONNACK", f"times shortly after connecting: does another device use | {ENDED}"),
    ),
    Row(
        "cut before CONNECT has arrived",
        wires=lambda: First(lambda: CutWire(up_bytes=5, reset=True)),
        cause="closed before CONNACK",
    ),
]


def _three_in_ten(number):
    return CutWire(up_bytes=(number * 37) % 90, reset=number % 2 == 0) if number % 10 in (0, 1, 4) else None
