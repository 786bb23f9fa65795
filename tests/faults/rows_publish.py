"""Faults of what the device says: PUBLISH and PUBACK, SUBSCRIBE and SUBACK, PINGREQ and PINGRESP."""

import asyncio

from tests.harness import broker_packets as mqtt
from tests.harness.broker_faults import (
    CloseLater,
    CloseOn,
    Grant,
    Insert,
    Late,
    Reorder,
    Repeat,
    Replace,
    Silence,
    Withhold,
)

from .row import ENDED, Row, traffic


def copies(run, payload):
    """(link number, PUBLISH) of every copy of one payload that reached the broker."""
    return [
        (link.index, packet)
        for link in run.broker.links
        for packet in link.sent(mqtt.PUBLISH)
        if packet.payload.split(b".")[0] == payload
    ]


def _resent(count, first_link=0):
    """The first publish came `count` times on one link: same id, DUP, 5 s apart."""

    def check(run):
        found = copies(run, b"device-1")
        assert [link for link, _ in found] == [first_link] * count, f"on links {[link for link, _ in found]}"
        packets = [packet for _, packet in found]
        assert len({packet.pid for packet in packets}) == 1
        assert [packet.dup for packet in packets] == [False] + [True] * (count - 1)
        waits = [after.at - before.at for before, after in zip(packets, packets[1:], strict=False)]
        assert all(4.9 < wait < 5.5 for wait in waits), f"resent after {waits} s"

    return check


def _across_links(dup):
    """The first publish went out again on the second link, DUP or not, under its id."""

    def check(run):
        found = copies(run, b"device-1")
        again = [packet for link, packet in found if link == 1]
        assert len(again) == 1 and again[0].dup == dup, f"{found}"
        assert again[0].pid == found[0][1].pid

    return check


def _sent_once(run):
    """No second copy."""
    for name in (b"device-1", b"device-2", b"device-3"):
        assert len(copies(run, name)) == 1, f"{name} came {len(copies(run, name))} times"


def _wrapped(run):
    pids = {packet.pid for packet in run.broker.published}
    assert 0 not in pids and max(pids) > 65500 and min(pids) < 100, pids


def _subscribed_same_id(run):
    found = run.broker.links[0].sent(mqtt.SUBSCRIBE)
    assert len(found) == 2 and len({packet.pid for packet in found}) == 1, found


def _no_storm(limit):
    def check(run):
        assert len(run.broker.links) <= limit, f"{len(run.broker.links)} connections"

    return check


_FLAPS = 8


def _flaps(life_s):
    return CloseLater(mqtt.CONNACK, life_s, links=range(_FLAPS))


def _at_once(run):
    """What waited is on the first good link within the five seconds for which a topic may be held back."""
    good = run.broker.links[_FLAPS:]
    late = max(packet.at for link in good for packet in link.sent(mqtt.PUBLISH)) - good[0].opened_at
    assert late < 6, f"{late:.1f} s after the link was good"


def _hears(run):
    """Each filter is asked for within the five seconds for which it may be held back."""
    good = run.broker.links[_FLAPS:]
    late = max(packet.at for link in good for packet in link.sent(mqtt.SUBSCRIBE)) - good[0].opened_at
    assert late < 6, f"{late:.1f} s after the link was good"


async def _sampled(run):
    """A minute of a good link after those that flapped."""
    await run.start()
    await run.device.says("ready", count=_FLAPS + 1)
    await run.device.until(lambda: run.broker.links[_FLAPS:] and _samples(run), "a sample on the good link")
    await run.finish()


def _samples(run):
    return [packet for packet in run.broker.links[-1].sent(mqtt.PUBLISH) if packet.topic == "sample"]


def _never_refused(run):
    refused = [said["text"] for said in run.device.heard("raised") if said["type"] == "StateError"]
    assert not refused and not run.device.heard("error"), refused


def _refused_for_five_seconds(run):
    late = _samples(run)[0].at - run.broker.links[_FLAPS].opened_at
    assert late < 7, f"{late:.1f} s after the link was good"


async def _quiet(run):
    """Nothing happens for a minute; then the traffic."""
    await run.start()
    await run.device.says("ready")
    await asyncio.sleep(60)
    await traffic(run)


async def _denied(run):
    """A topic that the policy denies: the link ends at each publish there. The rest gets through, without a storm."""
    device = await run.start()
    await device.says("error")
    await run.device.says("ready", count=len(device.heard("disconnected")) + 1)
    await run.tell("after")
    await run.order(do="publish", name="fine", count=2)
    await device.says("accepted", payload="fine-1")
    await run.settled()
    await run.finish()


async def _window_of_one(run):
    """publish() waits for its PUBACK, gives up in time, and the message is kept all the same."""
    device = await run.start()
    said = await device.says("raised", what="publish")
    assert 6_500 < said["ms"] < 8_000, f"publish returned after {said['ms']} ms"
    await device.says("puback", count=3)
    assert {packet.payload for packet in run.broker.published} == {b"device-1", b"device-2", b"device-3"}
    await run.finish()


async def _eleven_back(run):
    """Twelve subscriptions and a lost session: all come back, at most eight in a packet."""
    device = await run.start()
    await device.says("ready")
    run.broker.sessions.clear()
    run.broker.live()[0].close()
    await device.says("ready", count=2)
    for index in range(11):
        await run.tell(f"to-{index}", f"f{index}/x")
    assert len(run.broker.sessions["device"].filters) == 12
    await traffic(run)


async def _busy_without_pingresp(run):
    """Messages keep coming, PINGRESP does not."""
    device = await run.start()
    await device.says("ready")
    for index in range(60):
        await run.tell(f"busy-{index}", qos=0)
        await asyncio.sleep(0.8)
        if device.heard("disconnected"):
            break
    await traffic(run)


ROWS = [
    Row(
        "PUBACK withheld once: sent again with DUP",
        faults=lambda: [Withhold(mqtt.PUBACK, times=1)],
        connects=1,
        device={"publishes": 1},
        check=_resent(2),
    ),
    Row(
        "PUBACK withheld twice",
        faults=lambda: [Withhold(mqtt.PUBACK, times=2)],
        connects=1,
        device={"publishes": 1},
        check=_resent(3),
    ),
    Row(
        "PUBACK withheld on this link: resumed with DUP",
        faults=lambda: [Withhold(mqtt.PUBACK, links=[0])],
        cause="no PUBACK in time",
        check=_across_links(True),
    ),
    Row(
        "PUBACK withheld, clean session: sent as new",
        faults=lambda: [Withhold(mqtt.PUBACK, links=[0])],
        tells=0,
        device={"clean": True},
        cause="no PUBACK in time",
        check=_across_links(False),
    ),
    Row(
        "PUBACK withheld, window of one",
        faults=lambda: [Withhold(mqtt.PUBACK, times=2)],
        drivers=("poll",),
        script=_window_of_one,
        device={"options": {"window": 1, "timeout_ms": 7000}},
        raises="no PUBACK yet",
    ),
    Row("PUBACK after 4 s: one copy is enough", faults=lambda: [Late(mqtt.PUBACK, 4)], connects=1, check=_sent_once),
    Row("PUBACK repeated", faults=lambda: [Repeat(mqtt.PUBACK, 3)], connects=1, check=_sent_once),
    Row(
        "PUBACK for an unknown id",
        faults=lambda: [Insert(mqtt.PUBACK, behind=mqtt.puback(999), times=3)],
        connects=1,
        check=_sent_once,
    ),
    Row(
        "PUBACKs out of order",
        faults=lambda: [Reorder(mqtt.PUBACK, 3)],
        connects=1,
        check=_sent_once,
        device={"period_ms": 100},
    ),
    Row(
        "PUBACK with id 0",
        faults=lambda: [Replace(mqtt.PUBACK, b"\x40\2\0\0")],
        cause="the server broke the protocol: packet id 0",
    ),
    Row(
        "cut between PUBLISH and PUBACK by FIN",
        faults=lambda: [CloseOn(mqtt.PUBLISH, times=1)],
        cause="closed after PUBLISH to out: does the policy allow iot:Publish there?",
        check=_across_links(True),
    ),
    Row(
        "cut between PUBLISH and PUBACK by RST",
        faults=lambda: [CloseOn(mqtt.PUBLISH, reset=True, times=1)],
        check=_across_links(True),
        cause="closed after PUBLISH to out: does the policy allow iot:Publish there?",
    ),
    Row(
        "throttled: closed at the 15th message",
        faults=lambda: [CloseOn(mqtt.PUBLISH, after=14, times=1)],
        device={"publishes": 20, "period_ms": 100},
        cause="closed after PUBLISH to out: does the policy allow iot:Publish there?",
    ),
    Row(
        "packet ids wrap with ids in flight",
        faults=lambda: [Withhold(mqtt.PUBACK, times=2)],
        device={"publishes": 8, "pid": 65531, "period_ms": 100},
        connects=1,
        check=_wrapped,
    ),
    Row(
        "publish denied in a loop, QoS 1",
        faults=lambda: [CloseOn(mqtt.PUBLISH, "no")],
        script=_denied,
        tells=0,
        program="denied",
        error="publish denied? no",
        cause="closed after PUBLISH to no: does the policy allow iot:Publish there?",
        check=_no_storm(5),
    ),
    Row(
        "publish denied in a loop, QoS 0",
        faults=lambda: [CloseOn(mqtt.PUBLISH, "no")],
        script=_denied,
        tells=0,
        program="denied",
        device={"qos": 0},
        error="publish denied? no",
        cause="closed after PUBLISH to no: the link was cut, or does the policy allow iot:Publish there",
        check=_no_storm(6),
    ),
    *(
        Row(
            f"a link that flaps every {life_s} s, QoS 1",
            faults=lambda life_s=life_s: [_flaps(life_s), Withhold(mqtt.PUBACK, links=range(_FLAPS))],
            device={"publishes": 3, "period_ms": 100},
            cause=ENDED,
            error="publish denied? out",
            check=_at_once,
        )
        for life_s in (0.2, 1, 2.5)
    ),
    *(
        Row(
            f"a link that flaps every {life_s} s, SUBSCRIBE",
            faults=lambda life_s=life_s: [_flaps(life_s), Withhold(mqtt.SUBACK, links=range(_FLAPS))],
            device={"filters": ["in/#", "a/#", "b/#"]},
            cause="closed after SUBSCRIBE to",
            error="subscribe denied?",
            check=_hears,
        )
        for life_s in (0.2, 1, 2.5)
    ),
    *(
        Row(
            f"a link that flaps every {life_s} s, QoS 0",
            faults=lambda life_s=life_s: [_flaps(life_s)],
            script=_sampled,
            tells=0,
            program="sampler",
            device={"samples": 600},
            cause="closed by the server after | closed after PUBLISH to sample: the link was cut, or",
            check=_never_refused if life_s > 2 else _refused_for_five_seconds,
        )
        for life_s in (0.2, 1, 2.5)
    ),
    Row(
        "SUBACK withheld once: asked again under its id",
        faults=lambda: [Withhold(mqtt.SUBACK, times=1)],
        connects=1,
        check=_subscribed_same_id,
    ),
    Row(
        "SUBACK withheld on this link",
        faults=lambda: [Withhold(mqtt.SUBACK, links=[0])],
        cause="no SUBACK in time",
    ),
    Row(
        "SUBACK 0x80",
        faults=lambda: [Grant([0x80, 1, 1])],
        device={"filters": ["no/#", "in/#"]},
        connects=1,
        error="subscription refused: no/#",
    ),
    Row("SUBACK without a code", faults=lambda: [Grant([])], cause="the server broke the protocol: packet 0x90"),
    Row("SUBACK with too few codes", faults=lambda: [Grant([1])], cause="the server broke the protocol: packet 0x90"),
    Row(
        "SUBACK with too many codes",
        faults=lambda: [Grant([1, 1, 1])],
        cause="the server broke the protocol: packet 0x90",
    ),
    Row(
        "SUBACK for another id",
        faults=lambda: [Replace(mqtt.SUBACK, mqtt.suback(4711, [1, 1]))],
        connects=1,
        check=_subscribed_same_id,
    ),
    Row(
        "UNSUBACK instead of SUBACK",
        faults=lambda: [Replace(mqtt.SUBACK, lambda data: mqtt.unsuback(data[3]))],
        connects=1,
        check=_subscribed_same_id,
    ),
    Row(
        "subscribe denied by closing",
        faults=lambda: [CloseOn(mqtt.SUBSCRIBE, "no/#")],
        device={"filters": ["in/#", "no/#"]},
        error="subscribe denied? no/#",
        cause="closed after SUBSCRIBE to no/#: does the policy allow iot:Subscribe there?",
        check=_no_storm(6),
    ),
    Row(
        "twelve subscriptions come back",
        script=_eleven_back,
        tells=0,
        device={"filters": [f"f{index}/#" for index in range(11)]},
        cause=ENDED,
    ),
    Row(
        "PINGRESP withheld",
        faults=lambda: [Withhold(mqtt.PINGRESP, links=[0])],
        script=_quiet,
        device={"keepalive": 20},
        cause="no PINGRESP in time",
    ),
    Row(
        "PINGRESP withheld while messages come",
        faults=lambda: [Withhold(mqtt.PINGRESP, links=[0])],
        tells=0,
        script=_busy_without_pingresp,
        device={"keepalive": 8},
        cause="no PINGRESP in time",
    ),
    Row("PINGRESP unasked", faults=lambda: [Insert(mqtt.SUBACK, behind=mqtt.pingresp())], connects=1),
    Row(
        "all answers stop after SUBSCRIBE",
        faults=lambda: [Silence(mqtt.SUBSCRIBE, links=[0])],
        cause="no SUBACK in time",
    ),
    Row("quiet application: PINGREQ in time", script=_quiet, device={"keepalive": 10}, connects=1),
]
