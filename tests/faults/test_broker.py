"""The scripted broker does what its faults say, in stepped time: each against an asyncio client, with no device."""

import asyncio
import contextlib

import pytest

from tests.harness import broker_faults as faults
from tests.harness import broker_packets as mqtt
from tests.harness import stepped
from tests.harness.broker import Broker
from tests.harness.broker_wire import (
    BlackHole,
    CutWire,
    DeafWire,
    DripWire,
    FlipWire,
    NoiseWire,
    Relay,
    SlowWire,
    StallWire,
)
from tests.harness.ports import free_port


def connect(client_id="c", clean=True, keepalive=60):
    flags = 2 if clean else 0
    name = client_id.encode()
    return mqtt.encode(0x10, b"\0\4MQTT\4" + bytes((flags, 0, keepalive, 0, len(name))) + name)


def subscribe(pid, topic_filter, qos=1):
    name = topic_filter.encode()
    return mqtt.encode(0x82, bytes((0, pid, 0, len(name))) + name + bytes((qos,)))


PING = mqtt.encode(0xC0)
CONNACK = mqtt.connack()


class Client:
    """Bytes out, bytes in within a time."""

    def __init__(self, reader, writer):
        self.reader, self.writer = reader, writer

    async def say(self, *packets):
        self.writer.write(b"".join(packets))
        await self.writer.drain()

    async def hear(self, size, within_s=10):
        return await asyncio.wait_for(self.reader.readexactly(size), within_s)

    async def quiet(self, for_s=0.1):
        """Nothing comes, and the link stays open."""
        try:
            await asyncio.wait_for(self.reader.read(1), for_s)
        except asyncio.TimeoutError:
            return True
        return False

    async def end(self, within_s=10):
        """How the link ended: "eof" or "reset"."""
        try:
            while await asyncio.wait_for(self.reader.read(1000), within_s):
                pass
        except ConnectionError:
            return "reset"
        return "eof"


@contextlib.asynccontextmanager
async def client(port):
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        yield Client(reader, writer)
    finally:
        writer.close()


def dialogue(*given, wire=None):
    """Decorates an async test(broker, port-of-broker-or-relay)."""

    def wrap(test):
        def run():
            async def body():
                async with Broker(given) as broker:
                    if wire is None:
                        return await test(broker, broker.port)
                    async with Relay(("127.0.0.1", broker.port), lambda number: wire) as relay:
                        await test(broker, relay.port)

            stepped.run(asyncio.wait_for(body(), 20))

        run.__name__ = test.__name__
        return run

    return wrap


@dialogue()
async def test_honest_dialogue(broker, port):
    async with client(port) as c:
        await c.say(connect(), subscribe(1, "t"), mqtt.publish("t", b"x", 1, 2), PING)
        assert await c.hear(4) == CONNACK
        assert await c.hear(5) == mqtt.suback(1, [1])
        assert await c.hear(4) == mqtt.puback(2)
        assert await c.hear(8) == mqtt.publish("t", b"x", 1, 1)
        assert await c.hear(2) == mqtt.pingresp()
    assert [packet.name for packet in broker.links[0].packets] == ["CONNECT", "SUBSCRIBE", "PUBLISH", "PINGREQ"]


@dialogue()
async def test_session_keeps_messages_for_an_absent_client(broker, port):
    async with client(port) as c:
        await c.say(connect(clean=False), subscribe(1, "t"))
        await c.hear(9)
    while broker.live():
        await asyncio.sleep(0.01)
    await broker.publish("t", b"kept", 1)
    async with client(port) as c:
        await c.say(connect(clean=False))
        assert await c.hear(4) == mqtt.connack(0, True)
        assert (await c.hear(11))[-4:] == b"kept"


@dialogue()
async def test_silent_client_is_dropped_after_one_and_a_half_keepalives(broker, port):
    async with client(port) as c:
        await c.say(connect(keepalive=4))
        await c.hear(4)
        before = broker.now()
        assert await c.end() == "eof"
        assert broker.now() - before == pytest.approx(6)


@dialogue()
async def test_second_client_with_the_same_id_takes_over(broker, port):
    async with client(port) as first, client(port) as second:
        await first.say(connect("same"))
        await first.hear(4)
        await second.say(connect("same"))
        await second.hear(4)
        assert await first.end() == "eof"
    assert broker.links[0].ended_by == "takeover"


@dialogue()
async def test_breaches_of_the_rules_are_recorded(broker, port):
    async with client(port) as c:
        await c.say(connect(), PING)
        await c.hear(6)
    async with client(port) as c:
        await c.say(mqtt.publish("too/soon"))
        await c.hear(0)
        await asyncio.sleep(0.05)
    async with client(port) as c:
        await c.say(connect())
        await c.hear(4)
        await c.say(mqtt.publish("a/b/c/d/e/f/g/h/i"), mqtt.publish("t", b"1", 1, 7, dup=True))
        await c.say(mqtt.encode(0x82, b"\0\1"))
        await c.end()
    text = "\n".join(broker.violations)
    for breach in ("PUBLISH as packet 1", "AWS's limits", "DUP in a session", "SUBSCRIBE without filters"):
        assert breach in text


@dialogue(faults.Withhold(mqtt.PUBACK, times=1))
async def test_withhold_keeps_one_answer_back(broker, port):
    async with client(port) as c:
        await c.say(connect(), mqtt.publish("t", b"", 1, 1), mqtt.publish("t", b"", 1, 2))
        assert await c.hear(8) == CONNACK + mqtt.puback(2)


@dialogue(faults.Late(mqtt.PUBACK, 0.2, times=1))
async def test_late_answer_is_overtaken(broker, port):
    async with client(port) as c:
        before = broker.now()
        await c.say(connect(), mqtt.publish("t", b"", 1, 1), PING)
        assert await c.hear(10) == CONNACK + mqtt.pingresp() + mqtt.puback(1)
        assert broker.now() - before == pytest.approx(0.2)


@dialogue(faults.Latency(0.1))
async def test_latency_keeps_the_order(broker, port):
    async with client(port) as c:
        before = broker.now()
        await c.say(connect(), PING, mqtt.publish("t", b"", 1, 1))
        assert await c.hear(10) == CONNACK + mqtt.pingresp() + mqtt.puback(1)
        assert broker.now() - before == pytest.approx(0.2)


@dialogue(faults.Repeat(mqtt.PUBACK, 3), faults.Reorder(mqtt.PINGRESP, 2))
async def test_repeat(broker, port):
    async with client(port) as c:
        await c.say(connect(), mqtt.publish("t", b"", 1, 9))
        assert await c.hear(16) == CONNACK + 3 * mqtt.puback(9)


@dialogue(faults.Reorder(mqtt.PUBACK, 3))
async def test_reorder(broker, port):
    async with client(port) as c:
        await c.say(connect(), *(mqtt.publish("t", b"", 1, pid) for pid in (1, 2, 3)))
        assert await c.hear(16) == CONNACK + mqtt.puback(3) + mqtt.puback(2) + mqtt.puback(1)


@dialogue(faults.Replace(mqtt.PUBACK, b"\xff\0"), faults.Insert(mqtt.CONNACK, behind=b"\xd0\0"))
async def test_replace_and_insert(broker, port):
    async with client(port) as c:
        await c.say(connect(), mqtt.publish("t", b"", 1, 1))
        assert await c.hear(8) == CONNACK + b"\xd0\0" + b"\xff\0"


@dialogue(faults.Split(size=1, gap_s=0.02))
async def test_split_drips(broker, port):
    async with client(port) as c:
        before = broker.now()
        await c.say(connect())
        assert await c.hear(1) == CONNACK[:1]
        assert await c.hear(3) == CONNACK[1:]
        assert broker.now() - before == pytest.approx(0.06)


@dialogue(faults.Corrupt(mqtt.CONNACK, 1))
async def test_corrupt_flips_one_byte(broker, port):
    async with client(port) as c:
        await c.say(connect())
        assert await c.hear(4) == b"\x20\xfd\0\0"


@dialogue(faults.Truncate(mqtt.CONNACK, 2))
async def test_truncate_then_silence(broker, port):
    async with client(port) as c:
        await c.say(connect())
        assert await c.hear(2) == CONNACK[:2]
        await c.say(PING)
        assert await c.quiet()


@pytest.mark.parametrize("reset, end", [(False, "eof"), (True, "reset")])
def test_close_says_how(reset, end):
    @dialogue(faults.CloseAfter(mqtt.CONNACK, reset=reset))
    async def check(broker, port):
        async with client(port) as c:
            await c.say(connect())
            await c.hear(4) if not reset else None
            assert await c.end() == end

    check()


@dialogue(faults.CloseOn(mqtt.PUBLISH, "denied"), faults.CloseOnOpen(links=[1]))
async def test_close_on_a_topic_and_on_open(broker, port):
    async with client(port) as c:
        await c.say(connect(), mqtt.publish("fine", b"", 1, 1), mqtt.publish("denied", b"", 1, 2))
        assert await c.hear(8) == CONNACK + mqtt.puback(1)
        assert await c.end() == "eof"
    async with client(port) as c:
        assert await c.end() == "eof"


@dialogue(faults.Silence(mqtt.PINGREQ))
async def test_silence_leaves_the_link_open(broker, port):
    async with client(port) as c:
        await c.say(connect(), PING, mqtt.publish("t", b"", 1, 1))
        assert await c.hear(4) == CONNACK
        assert await c.quiet()


@dialogue(faults.StopReading(mqtt.CONNECT, 0.3))
async def test_stop_reading_fills_the_window(broker, port):
    await _presses_back(broker, port)


async def _presses_back(broker, port):
    """A large message is taken, but only after a pause."""
    async with client(port) as c:
        before = broker.now()
        await c.say(connect(), mqtt.publish("t", bytes(100_000), 1, 1))
        assert await c.hear(8) == CONNACK + mqtt.puback(1)
        assert broker.now() - before == pytest.approx(0.3)


@dialogue(faults.Refuse(5))
async def test_refuse(broker, port):
    async with client(port) as c:
        await c.say(connect())
        assert await c.hear(4) == mqtt.connack(5)
        assert await c.end() == "eof"


@dialogue(faults.Present(True), faults.Grant([0x80]))
async def test_present_and_grant(broker, port):
    async with client(port) as c:
        await c.say(connect(), subscribe(3, "t"))
        assert await c.hear(9) == mqtt.connack(0, True) + mqtt.suback(3, [0x80])


@dialogue(wire=CutWire(down_bytes=5))
async def test_cut_wire_after_a_number_of_bytes(broker, port):
    async with client(port) as c:
        await c.say(connect(), PING)
        assert await c.hear(5) == CONNACK + b"\xd0"
        assert await c.end() == "eof"


@dialogue(wire=CutWire(up_bytes=3, reset=True))
async def test_cut_wire_by_reset(broker, port):
    async with client(port) as c:
        await c.say(connect())
        assert await c.end() == "reset"
    assert not broker.links[0].packets


@dialogue(wire=StallWire(down_bytes=4))
async def test_stall_wire_is_half_open(broker, port):
    async with client(port) as c:
        await c.say(connect(), PING)
        assert await c.hear(4) == CONNACK
        await c.say(PING)
        assert await c.quiet()


@dialogue(wire=DripWire(0.02))
async def test_drip_wire(broker, port):
    async with client(port) as c:
        before = broker.now()
        await c.say(connect())
        assert await c.hear(4) == CONNACK
        assert broker.now() - before == pytest.approx(0.06)


@dialogue(wire=FlipWire(3))
async def test_flip_wire(broker, port):
    async with client(port) as c:
        await c.say(connect())
        assert await c.hear(4) == b"\x20\x02\0\xff"


@dialogue(wire=SlowWire(0.1))
async def test_slow_wire(broker, port):
    async with client(port) as c:
        before = broker.now()
        await c.say(connect())
        await c.hear(4)
        assert broker.now() - before == pytest.approx(0.2)


@dialogue(wire=NoiseWire(b"HTTP/1.1 302 Found\r\n\r\n"))
async def test_noise_wire_never_reaches_the_broker(broker, port):
    async with client(port) as c:
        await c.say(connect())
        assert (await c.hear(12)) == b"HTTP/1.1 302"
    assert not broker.links


@dialogue(wire=DeafWire(up_bytes=20, pause_s=0.3))
async def test_deaf_wire_presses_back(broker, port):
    await _presses_back(broker, port)


@dialogue()
async def test_stopped_broker_listens_again_on_its_port(broker, port):
    async with client(port) as c:
        await broker.stop()
        assert await c.end() == "eof"
        with pytest.raises(OSError):
            await asyncio.open_connection("127.0.0.1", port)
        await broker.start()
        async with client(port) as again:
            await again.say(connect())
            assert await again.hear(4) == CONNACK


def test_black_hole_swallows_connections():
    async def check():
        with BlackHole() as hole, pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(asyncio.open_connection("127.0.0.1", hole.port), 0.3)
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection("127.0.0.1", free_port())

    stepped.run(check())


@pytest.mark.parametrize(
    "wanted, topic, yes",
    [
        ("a/#", "a", False),
        ("a/#", "a/b/c", True),
        ("+/b", "a/b", True),
        ("#", "$aws/x", False),
        ("+", "a", True),
        ("a/+", "a", False),
        ("a", "a/b", False),
        ("$aws/#", "$aws/x", True),
    ],
)
def test_aws_topic_matching(wanted, topic, yes):
    assert mqtt.matches(wanted, topic) == yes
