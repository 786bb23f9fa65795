"""Each defect of umqtt.simple that a peer can provoke: the same program fails with its client and ends well with ours.

They are those of umqtt.simple 1.3.4, which PyPI and firmware up to MicroPython 1.22 have; most are in later ones too.
"""

import asyncio
from dataclasses import dataclass

import pytest

from tests.harness import broker_packets as mqtt
from tests.harness.broker import Broker
from tests.harness.broker_faults import Fault, Insert, Late, Replace, Split, Truncate, Withhold
from tests.harness.runtimes import RUNTIMES, Process

_SCRIPT = __file__.replace("test_umqtt_defects.py", "umqtt_program.py")


@dataclass
class Defect:
    """A program, the broker's faults, and what must be true of the program's result and of what the broker saw."""

    program: str
    faults: object
    holds: object = lambda result, broker: True
    within_s: float = 3


def _payloads(broker) -> list:
    return [packet.payload for packet in broker.published]


class _ResetSoon(Fault):
    """The link breaks 100 ms after CONNACK: later than the device has read it."""

    async def send(self, link, data, forward):
        await forward()

        async def reset():
            await asyncio.sleep(0.1)
            link.close(reset=True)

        link.broker.spawn(reset())


def _refusal() -> list:
    return [Replace(mqtt.CONNACK, mqtt.connack(5))]


_DEFECTS = {
    "a publish inside a callback hangs the publish that waits": Defect(
        "publish_in_callback", lambda: [Late(mqtt.PUBACK, 0.2)], lambda result, broker: result == ["1"]
    ),
    "a lost PUBACK hangs for ever and nothing is sent again": Defect(
        "publish_once",
        lambda: [Withhold(mqtt.PUBACK, times=1)],
        lambda result, broker: [packet.dup for packet in broker.published] == [False, True],
        within_s=8,
    ),
    "a late PUBACK is not consumed and its bytes are taken for packets": Defect(
        "receive",
        lambda: [Insert(mqtt.PUBLISH, before=mqtt.puback(0x3030))],
        lambda result, broker: result == ["1"],
    ),
    "half a packet blocks check_msg": Defect(
        "check_without_waiting",
        lambda: [Split(mqtt.PUBLISH, 4, 2.5)],
        lambda result, broker: result < 500,
    ),
    "a link that ends inside a packet raises no OSError": Defect(
        "receive", lambda: [Truncate(mqtt.PUBLISH, 3, close=True)], lambda result, broker: result == []
    ),
    "the announced keep-alive is never sent": Defect(
        "idle",
        lambda: [],
        lambda result, broker: [link.ended_by for link in broker.links] in ([None], ["client"]),
        within_s=6,
    ),
    "packet ids run over 65535 into 0": Defect(
        "wrap_packet_ids", lambda: [], lambda result, broker: [packet.pid for packet in broker.published] == [65535, 1]
    ),
    "text is measured in characters instead of bytes": Defect(
        "publish_text", lambda: [], lambda result, broker: _payloads(broker) == ["20\u00b0C".encode(), b"ok"]
    ),
    "a filter of more than 122 bytes is sent with a broken length": Defect(
        "subscribe_long", lambda: [], lambda result, broker: len(broker.links[0].sent(mqtt.SUBSCRIBE)) == 1
    ),
    "a failed connect leaves the socket open": Defect(
        "count_sockets_after_a_refusal", _refusal, lambda result, broker: result == 0
    ),
    "a refusal is a number without words": Defect(
        "be_refused",
        _refusal,
        lambda result, broker: "not authorized" in result,
    ),
    "another packet is taken for CONNACK once asserts are compiled out": Defect(
        "be_refused", lambda: [Replace(mqtt.CONNACK, mqtt.puback(0x0700))], lambda result, broker: result is not None
    ),
    "a user name without password raises TypeError": Defect(
        "log_in_without_password", lambda: [], lambda result, broker: broker.links[0].connect.user == "user"
    ),
    "a callback that raises costs the PUBACK": Defect(
        "raise_in_callback", lambda: [], lambda result, broker: len(broker.links[0].sent(mqtt.PUBACK)) == 1
    ),
    "a packet that claims 200 MB is a MemoryError": Defect(
        "receive",
        lambda: [Replace(mqtt.PUBLISH, b"\x30\x80\x80\x80\x60\x00\x01t" + bytes(20))],
        lambda result, broker: result == [],
    ),
    "a length of more than four bytes is believed": Defect(
        "receive",
        lambda: [Replace(mqtt.PUBLISH, b"\x30\xff\xff\xff\xff\x01\x00\x01t")],
        lambda result, broker: broker.links[0].closed_at is not None,
    ),
    "disconnect on a dead link raises": Defect("leave_a_dead_link", lambda: [_ResetSoon()]),
}


def _patience_s(defect: Defect, package: str) -> float:
    """How long to wait for the program's end: what umqtt.simple does not end by then, it would not end at all."""
    return defect.within_s if package == "umqtt.simple" else 10 * defect.within_s


async def _holds(defect: Defect, package: str) -> tuple:
    """Whether the program ended well in time with this client, and what it said."""
    patience_s = _patience_s(defect, package)
    async with Broker(defect.faults()) as broker:
        with Process(RUNTIMES["mp32"], _SCRIPT, package, defect.program, broker.port, heap="128k") as device:
            try:
                event = await asyncio.to_thread(
                    device.expect_that, lambda event: event["event"] in ("result", "raised"), patience_s
                )
            except AssertionError as error:
                return False, str(error)
            if event["event"] == "raised":
                return False, event["text"]
            return defect.holds(event["value"], broker), (event["value"], broker.violations, _payloads(broker))


@pytest.mark.parametrize("package", ["umqtt.simple", "aws_iot"])
@pytest.mark.parametrize("defect", _DEFECTS)
def test_umqtt_simple_has_the_defect_and_our_client_has_not(defect, package):
    good, said = asyncio.run(_holds(_DEFECTS[defect], package))
    assert good is (package == "aws_iot"), said
