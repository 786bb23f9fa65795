"""What a broken or hostile server may send, and how much of it."""

import asyncio

from tests.harness import broker_packets as mqtt
from tests.harness.broker_faults import Insert, Split, Truncate

from .row import ENDED, Row, traffic

_TIGHT = {"window": 10, "packet_bytes": 4096}  # runtimes with a large heap refuse by this limit


def _hostile(name, data, named):
    """These bytes arrive on a link in use: it must end and name what was wrong; nothing of them may reach the
    application."""

    async def script(run):
        device = await run.start()
        await device.says("puback")
        await run.broker.live()[0].write(data)
        await device.says("disconnected")
        await traffic(run)

    return Row(name, script=script, cause="the server broke the protocol: " + named)


def _harmless(name, data, **options):
    """These bytes arrive on a link in use: it stays."""

    async def script(run):
        device = await run.start()
        await device.says("puback")
        await run.broker.live()[0].write(data)
        await traffic(run)

    return Row(name, script=script, connects=1, **options)


def _publish(first_byte, body):
    return mqtt.encode(first_byte, body)


async def _large(run):
    """128 KB at QoS 1, then ordinary traffic on the same link."""
    device = await run.start()
    await device.says("puback")
    payload = b"large" + bytes(131072 - 5)
    run.broker.delivered.append(("in/x", payload))
    await run.broker.publish("in/x", payload, 1)
    await device.until(lambda: device.heard("got", size=131072) or device.heard("error"), "the large message")
    await traffic(run)


def _acknowledged(run):
    """Whatever became of the message, it is not redelivered for ever."""
    assert not run.broker.sessions["device"].inflight


async def _burst(run):
    """1000 messages at QoS 0 and 300 at QoS 1 in one write."""
    device = await run.start()
    await device.says("puback")
    link = run.broker.live()[0]
    data = bytearray()
    for index in range(1000):
        data += mqtt.publish("in/x", b"zero-%d" % index)
    for index in range(300):
        run.sent.append(b"one-%d" % index)
        pid = link.session.next_id()
        link.session.inflight[pid] = ("in/x", run.sent[-1])
        data += mqtt.publish("in/x", run.sent[-1], 1, pid)
    run.broker.delivered += [("in/x", b"zero-%d" % index) for index in range(1000)]
    await link.write(bytes(data))
    await device.until(lambda: len(device.heard("got")) >= 1300, "1300 messages")
    order = [said["payload"] for said in device.heard("got")]
    assert order[:1300] == [f"zero-{i}" for i in range(1000)] + [f"one-{i}" for i in range(300)], "order"
    await traffic(run)


def _retained():
    """300 retained messages glued to the SUBACK."""
    flood = b"".join(mqtt.publish(f"in/{index}", b"retained", retain=True) for index in range(300))
    return [Insert(mqtt.SUBACK, behind=flood)]


def _flooded(run):
    assert len(run.device.heard("got", payload="retained")) == 300


async def _redelivered(run):
    """The same packet id twice, the second time with DUP: both are acknowledged."""
    device = await run.start()
    await device.says("puback")
    link = run.broker.live()[0]
    run.broker.delivered.append(("in/x", b"twice"))
    await link.write(mqtt.publish("in/x", b"twice", 1, 4000) + mqtt.publish("in/x", b"twice", 1, 4000, dup=True))
    await device.says("got", payload="twice", count=1)
    await traffic(run)
    assert [packet.pid for packet in link.sent(mqtt.PUBACK)].count(4000) == 2


async def _slow_large(run):
    """40 KB arrive at one segment a second, slower than the keep-alive: the link is alive and must stay."""
    device = await run.start()
    await device.says("puback", count=3)
    payload = b"slow" + bytes(40000)
    run.broker.delivered.append(("in/x", payload))
    data = mqtt.publish("in/x", payload)
    pieces = [data[at : at + 1000] for at in range(0, len(data), 1000)]
    await run.broker.live()[0].write(*pieces, gap_s=1)
    await device.says("got", size=len(payload))
    await traffic(run)


async def _endless_drip(run):
    """A packet drips one byte each 4 s and would take days: it ends when an answer is due that queues behind it."""
    device = await run.start()
    await device.says("puback")
    link = run.broker.live()[0]
    drip = asyncio.ensure_future(link.write(b"\x30\xff\xff\x07\0\1t", *[b"x"] * 1000, gap_s=4))
    await device.says("disconnected")
    drip.cancel()
    await traffic(run)


ROWS = [
    _hostile("PUBLISH at QoS 2", _publish(0x34, b"\0\4in/x\0\1hi"), "PUBLISH 0x34"),
    _hostile("PUBLISH at QoS 3", _publish(0x36, b"\0\4in/x\0\1hi"), "PUBLISH 0x36"),
    _hostile("PUBLISH with DUP at QoS 0", _publish(0x38, b"\0\4in/xhi"), "PUBLISH 0x38"),
    _hostile("PUBLISH with packet id 0", _publish(0x32, b"\0\4in/x\0\0hi"), "packet id 0"),
    _hostile("PUBLISH without a topic", _publish(0x30, b"\0\0hi"), "PUBLISH 0x30"),
    _hostile("PUBLISH without a body", _publish(0x30, b""), "PUBLISH 0x30"),
    _hostile("PUBLISH whose topic runs past its end", _publish(0x30, b"\0\x40in/x"), "PUBLISH 0x30"),
    _hostile("topic with NUL", _publish(0x30, b"\0\5in/x\0hi"), "topic b'in/x"),
    _hostile("topic with bad UTF-8", _publish(0x30, b"\0\5in/\xc3\x28hi"), "topic b'in/"),
    _hostile("topic with a wildcard", _publish(0x30, b"\0\4in/#hi"), "topic b'in/#'"),
    _hostile("topic with a plus", _publish(0x30, b"\0\4in/+hi"), "topic b'in/+'"),
    _hostile("remaining length over four bytes", b"\x30\xff\xff\xff\xff\x01", "remaining length"),
    _hostile("256 MB claimed", b"\x30\xff\xff\xff\x7f\0\4in/x", "packet 0x30 of 268435460 bytes"),
    _hostile("1 MB claimed", b"\x32\x80\x80\x40\0\4in/x", "packet 0x32 of 1048580 bytes"),
    _hostile("PUBACK of a megabyte", b"\x40\x80\x80\x40\0\1", "packet 0x40 of 1048580 bytes"),
    _hostile("PUBACK of three bytes", b"\x40\3\0\1\0", "packet 0x40 of 3 bytes"),
    _hostile("PINGRESP with a body", b"\xd0\1\0", "packet 0xd0 of 1 bytes"),
    _hostile("SUBACK of two bytes", b"\x90\2\0\1", "packet 0x90 of 2 bytes"),
    _hostile("reserved type 0", b"\0\0", "packet 0x00 of 0 bytes"),
    _hostile("reserved type 15", b"\xf0\0", "packet 0xf0 of 0 bytes"),
    _hostile("CONNECT from the server", b"\x10\x0c\0\4MQTT\4\2\0\x3c\0\0", "packet 0x10 of 12 bytes"),
    _hostile("SUBSCRIBE from the server", b"\x82\6\0\1\0\1x\0", "packet 0x82 of 6 bytes"),
    _hostile("UNSUBSCRIBE from the server", b"\xa2\5\0\1\0\1x", "packet 0xa2 of 5 bytes"),
    _hostile("PINGREQ from the server", b"\xc0\0", "packet 0xc0 of 0 bytes"),
    _hostile("PUBREC from the server", b"\x50\2\0\1", "packet 0x50 of 2 bytes"),
    _hostile("PUBREL from the server", b"\x62\2\0\1", "packet 0x62 of 2 bytes"),
    _hostile("PUBCOMP from the server", b"\x70\2\0\1", "packet 0x70 of 2 bytes"),
    _hostile("DISCONNECT from the server", b"\xe0\0", "packet 0xe0 of 0 bytes"),
    _harmless("SUBACK that nobody asked for", mqtt.suback(77, [1])),
    _harmless("UNSUBACK that nobody asked for", mqtt.unsuback(77)),
    _harmless("message on a topic never subscribed to", mqtt.publish("other/topic", b"stray", 1, 3000)),
    Row(
        "half a PUBLISH, then silence",
        faults=lambda: [Truncate(mqtt.PUBLISH, 7)],
        cause="no rest of a packet in time",
    ),
    Row(
        "TLS: half a PUBLISH, then silence",
        tls=("good",),
        faults=lambda: [Truncate(mqtt.PUBLISH, 7)],
        cause="no rest of a packet in time",
    ),
    Row("half a PUBLISH, then FIN", faults=lambda: [Truncate(mqtt.PUBLISH, 7, close=True)], cause=ENDED),
    Row(
        "one byte of a PUBACK, then silence",
        faults=lambda: [Truncate(mqtt.PUBACK, 1)],
        cause="no rest of a packet in time",
    ),
    Row(
        "PUBLISH before SUBACK",
        strays=("early",),
        connects=1,
        faults=lambda: [Insert(mqtt.SUBACK, before=mqtt.publish("in/x", b"early"))],
    ),
    Row("128 KB with room for it", script=_large, heap="1m", connects=1, check=_acknowledged),
    Row(
        "128 KB without room for it",
        script=_large,
        heap="96k",
        connects=1,
        check=_acknowledged,
        device={"options": _TIGHT},
        error="no room for the message on in/x",
    ),
    Row(
        "128 KB without room, in small segments",
        script=_large,
        heap="96k",
        connects=1,
        check=_acknowledged,
        faults=lambda: [Split(mqtt.PUBLISH, 3000)],
        device={"options": _TIGHT},
        error="no room for the message",
    ),
    Row(
        "128 KB and the heap too small for it",
        script=_large,
        heap="96k",
        connects=1,
        check=_acknowledged,
        runtimes=("mp64", "mp32"),
        error="no room for the message on in/x",
    ),
    Row("1300 messages at once, in order", script=_burst, connects=1, device={"period_ms": 1000}),
    Row("retained flood behind SUBACK", faults=_retained, strays=("retained",), check=_flooded, connects=1),
    Row("DUP redelivery: both acknowledged", script=_redelivered, connects=1),
    Row("40 KB slower than the keep-alive", script=_slow_large, device={"keepalive": 12}, heap="1m", connects=1),
    Row(
        "a packet that never ends",
        script=_endless_drip,
        cause="no SUBACK in time | no PUBACK in time | no PINGRESP in time",
        heap="1m",
        device={"keepalive": 20, "period_ms": 20000},
    ),
]
