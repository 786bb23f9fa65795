"""Faults of CONNECT, CONNACK and the session."""

import asyncio

from tests.harness import broker_packets as mqtt
from tests.harness.broker_faults import (
    CloseAfter,
    Insert,
    Late,
    Present,
    Refuse,
    Repeat,
    Replace,
    Truncate,
    Withhold,
)

from .row import ENDED, Row, traffic

_WORST = {"random": -1}  # the back-off takes the end of its window: 3, 5, 9, 17, 33 s


def gaps_ms(run):
    """Device time from one failure to the next attempt."""
    device, gaps, ended = run.device, [], None
    for said in device.said:
        if said["e"] == "disconnected":
            ended = said["ms"]
        elif said["e"] == "connecting" and ended is not None:
            gaps.append(said["ms"] - ended)
    return gaps


def _grows(run):
    """With the random number that makes each wait the longest, each is twice the one before."""
    gaps = gaps_ms(run)
    assert len(gaps) >= 5, gaps
    assert all(gap >= least for gap, least in zip(gaps, (2700, 4500, 8100, 15300, 29700), strict=False)), gaps


def _not_hammered(run):
    assert all(gap >= 950 for gap in gaps_ms(run)), gaps_ms(run)


def _subscribed_once(run):
    kinds = [len(link.sent(mqtt.SUBSCRIBE)) for link in run.broker.links]
    assert kinds == [1] + [0] * (len(kinds) - 1), f"SUBSCRIBE packets by link: {kinds}"


def _subscribed_again(run):
    kinds = [len(link.sent(mqtt.SUBSCRIBE)) for link in run.broker.links]
    assert all(kinds), f"SUBSCRIBE packets by link: {kinds}"


async def _link_lost(run, before_reconnect=lambda broker: None):
    """A link that has stood is lost with a publish unacknowledged; then the rest of the traffic."""
    device = await run.start()
    await device.says("puback", count=2)
    before_reconnect(run.broker)
    run.broker.live()[0].close(reset=True)
    await device.says("ready", count=2)
    await traffic(run)


async def _session_lost(run):
    await _link_lost(run, lambda broker: broker.sessions.clear())


async def _lying_present(run):
    """The server forgot everything and says that it kept it: nobody can notice. The next honest link heals it."""
    device = await run.start()
    await device.says("puback", count=2)
    run.broker.sessions.clear()
    run.broker.live()[0].close()
    await device.says("connected", count=2)
    run.broker.sessions.clear()
    await asyncio.sleep(1)
    run.broker.live()[0].close()
    await device.says("ready", count=3)
    await traffic(run)


async def _takeover(run):
    """Another client with the same id, by turns. Nothing is on its way then: else a publish might be suspected."""
    device = await run.start()
    await device.until(lambda: len(device.heard("accepted")) == 3, "3 publishes")
    for count in range(1, 7):
        await device.says("ready", count=count)
        await run.settled()
        reader, writer = await asyncio.open_connection("127.0.0.1", run.broker.port)
        name = b"device"
        writer.write(mqtt.encode(0x10, b"\0\4MQTT\4\0\0\0" + bytes((0, len(name))) + name))
        await reader.readexactly(4)
        await device.says("disconnected", count=count)
        writer.close()
    await device.says("ready", count=7)
    await traffic(run)
    assert gaps_ms(run)[4] > 4 * gaps_ms(run)[0], f"no growing back-off: {gaps_ms(run)}"


def _refused(code, words):
    return Row(
        f"CONNACK {code}: {words}",
        faults=lambda: [Refuse(code, times=2)],
        cause=f"CONNACK {code}: {words}",
        raises=f"CONNACK {code}",
        check=_not_hammered,
    )


def _broken(name, data, named):
    return Row(
        name,
        faults=lambda: [Replace(mqtt.CONNACK, data)],
        cause="the server broke the protocol: " + named,
        raises="broke the protocol: " + named,
        breaches="before CONNACK",
    )


ROWS = [
    Row(
        "no CONNACK, twice",
        faults=lambda: [Withhold(mqtt.CONNACK, times=2)],
        cause="no answer to CONNECT",
        raises="no answer to CONNECT",
    ),
    Row("CONNACK after 6 s", faults=lambda: [Late(mqtt.CONNACK, 6, times=1)], connects=1),
    Row(
        "half a CONNACK, then silence",
        faults=lambda: [Truncate(mqtt.CONNACK, 2)],
        cause="no answer to CONNECT",
    ),
    Row(
        "half a CONNACK, then FIN",
        faults=lambda: [Truncate(mqtt.CONNACK, 3, close=True)],
        cause="closed before CONNACK",
    ),
    Row(
        "half a CONNACK, then RST",
        faults=lambda: [Truncate(mqtt.CONNACK, 1, reset=True)],
        cause="closed before CONNACK",
    ),
    _refused(1, "protocol version"),
    _refused(2, "client id refused"),
    _refused(3, "server unavailable"),
    _refused(4, "user name or password"),
    _refused(5, "not authorized"),
    _refused(200, "unknown code"),
    _broken("CONNACK without a body", b"\x20\0", "packet 0x20 of 0 bytes"),
    _broken("CONNACK of three bytes", b"\x20\3\0\0\0", "packet 0x20 of 3 bytes"),
    _broken("CONNACK with reserved flags", b"\x20\2\2\0", "packet 0x20 of 2 bytes"),
    _broken("CONNACK with header flags", b"\x21\2\0\0", "packet 0x21 of 2 bytes"),
    _broken("SUBACK instead of CONNACK", mqtt.suback(1, [1]), "packet 0x90 before CONNACK"),
    _broken("PUBLISH instead of CONNACK", mqtt.publish("in/x", b"too early"), "packet 0x30 before CONNACK"),
    _broken(
        "noise instead of CONNACK",
        b"HTTP/1.1 400 Bad Request\r\n" + b"Server: captive portal\r\n" * 20,
        "packet 0x48 of 84 bytes",
    ),
    Row(
        "CONNACK twice",
        faults=lambda: [Repeat(mqtt.CONNACK, times=1)],
        cause="the server broke the protocol: packet 0x20",
    ),
    Row(
        "CONNACK then cut, five times: the back-off grows",
        faults=lambda: [CloseAfter(mqtt.CONNACK, times=5)],
        device=_WORST,
        check=_grows,
        cause="closed after SUBSCRIBE to ctl | closed after SUBSCRIBE to in/#",
    ),
    Row(
        "no CONNACK, five times: the back-off grows",
        faults=lambda: [Withhold(mqtt.CONNACK, times=5)],
        device=_WORST,
        check=_grows,
        cause="no answer to CONNECT from 127.0.0.1",
    ),
    Row(
        "PUBLISH in one segment with CONNACK",
        faults=lambda: [Insert(mqtt.CONNACK, behind=mqtt.publish("in/x", b"glued"), links=[1])],
        script=_link_lost,
        device={"publishes": 4},
        strays=("glued",),
        cause=ENDED,
    ),
    Row(
        "session present: no SUBSCRIBE again",
        script=_link_lost,
        device={"publishes": 5},
        check=_subscribed_once,
        cause=ENDED,
    ),
    Row(
        "session lost: SUBSCRIBE again",
        script=_session_lost,
        device={"publishes": 5},
        check=_subscribed_again,
        cause=ENDED,
    ),
    Row(
        "clean session: SUBSCRIBE again",
        script=_link_lost,
        device={"publishes": 5, "clean": True},
        check=_subscribed_again,
        cause=ENDED,
    ),
    Row(
        "session present is a lie at the first connect",
        faults=lambda: [Present(True, links=[0])],
        check=_subscribed_once,
    ),
    Row(
        "session present is a lie at reconnect",
        faults=lambda: [Present(True, links=[1])],
        script=_lying_present,
        breaches="DUP in a session that knows nothing",
        device={"publishes": 4},
        cause=ENDED,
    ),
    Row(
        "session kept, but denied",
        faults=lambda: [Present(False, links=[1])],
        script=_link_lost,
        device={"publishes": 5},
        check=_subscribed_again,
        cause=ENDED,
    ),
    Row(
        "two devices with one client id, by turns",
        script=_takeover,
        doors=("mqtt",),  # the other one is of the harness, which speaks no WebSocket
        cause="another device use client id",
        device=_WORST,
        within_s=400,
    ),
]
