"""Each defect of umqtt.simple that a peer can provoke: the same program fails with its client and ends well with ours.

They are those of umqtt.simple 1.3.4, which PyPI and firmware up to MicroPython 1.22 have; most are in later ones too.
"""

import asyncio
import ssl
from dataclasses import dataclass

import pytest

from tests.harness import HANG_S, program, umqtt_versions
from tests.harness import broker_packets as mqtt
from tests.harness.board_tls import server_context
from tests.harness.broker import Broker
from tests.harness.broker_faults import Fault, Insert, Late, Replace, Split, Truncate, Withhold
from tests.harness.broker_wire import Relay, Wire
from tests.harness.runtimes import Process, Runtime

_RUNTIME = Runtime("mp32", umqtt_versions.PUBLISHED)
_HUNG_S = 3  # of silence, once it has done what it hangs after
_SCRIPT = program("system", "umqtt_defects")


@dataclass
class Outcome:
    """How a program ended: "result" (what it returned), "raised" (repr of the exception), "hung", or "dead"."""

    kind: str
    value: object = None


@dataclass
class Defect:
    """A program, the broker's faults, how umqtt.simple fails, and what is true of our client's result and packets.

    `fails(outcome, broker)` is this defect's own failure and no other. `tls`: the broker speaks TLS, and the client is
    given the broker's CA ("ca") or none at all ("none").
    """

    program: str
    faults: object
    fails: object
    holds: object = lambda result, broker: True
    tls: str = ""
    host: str = "127.0.0.1"


def _hangs_after(kind, count=1):
    """It never comes back from the call that sent so many packets of this kind."""
    return lambda outcome, broker: (
        outcome.kind == "hung" and [len(link.sent(kind)) for link in broker.links] == [count]
    )


def _raises(text):
    return lambda outcome, broker: outcome.kind == "raised" and text in outcome.value


def _returns(value):
    return lambda outcome, broker: (outcome.kind, outcome.value) == ("result", value)


def _payloads(broker) -> list:
    return [packet.payload for packet in broker.published]


class _ResetSoon(Fault):
    """The link breaks a second after CONNACK: later than the device has read it."""

    async def send(self, link, data, forward):
        await forward()

        async def reset():
            await asyncio.sleep(1)
            link.close(reset=True)

        link.broker.spawn(reset())


def _refusal() -> list:
    return [Replace(mqtt.CONNACK, mqtt.connack(5))]


class _Records(Wire):
    """Counts the records of application data that the device sends: in TLS 1.2 one for each of its writes."""

    def __init__(self):
        self.count, self._data = 0, b""

    async def up(self, data, before):
        self._data += data
        while len(self._data) >= 5 and len(self._data) >= 5 + int.from_bytes(self._data[3:5], "big"):
            self.count += self._data[0] == 0x17
            self._data = self._data[5 + int.from_bytes(self._data[3:5], "big") :]
        yield data


_DEFECTS = {
    "a publish inside a callback hangs the publish that waits": Defect(
        "publish_in_callback",
        lambda: [Late(mqtt.PUBACK, 0.2)],
        _hangs_after(mqtt.PUBLISH, 2),
        lambda result, broker: result == ["1"],
    ),
    "a lost PUBACK hangs for ever and nothing is sent again": Defect(
        "publish_once",
        lambda: [Withhold(mqtt.PUBACK, times=1)],
        _hangs_after(mqtt.PUBLISH),
        lambda result, broker: [packet.dup for packet in broker.published] == [False, True],
    ),
    "a lost SUBACK hangs for ever and nothing is asked again": Defect(
        "subscribe_once",
        lambda: [Withhold(mqtt.SUBACK, times=1)],
        _hangs_after(mqtt.SUBSCRIBE),
        lambda result, broker: len(broker.links[0].sent(mqtt.SUBSCRIBE)) == 2,
    ),
    "on TLS, where a socket takes no timeout, a lost PUBACK hangs for ever": Defect(
        "publish_once",
        lambda: [Withhold(mqtt.PUBACK, times=1)],
        _hangs_after(mqtt.PUBLISH),
        lambda result, broker: [packet.dup for packet in broker.published] == [False, True],
        tls="ca",
    ),
    "a late PUBACK is not consumed and its bytes are taken for packets": Defect(
        "receive",
        lambda: [Insert(mqtt.PUBLISH, before=mqtt.puback(0x3030))],
        _hangs_after(mqtt.PUBLISH),  # in a message of 48 bytes that nobody sends
        lambda result, broker: result == ["1"],
    ),
    "half a packet blocks check_msg": Defect(
        "check_without_waiting",
        lambda: [Split(mqtt.PUBLISH, 4, 6)],
        lambda outcome, broker: outcome.kind == "result" and outcome.value > 5000,
        lambda result, broker: result < 4000,
    ),
    "a link that ends inside a packet raises no OSError": Defect(
        "receive",
        lambda: [Truncate(mqtt.PUBLISH, 3, close=True)],
        _raises("IndexError"),
        lambda result, broker: result == [],
    ),
    "the announced keep-alive is never sent": Defect(
        "idle",
        lambda: [],
        lambda outcome, broker: [(link.ended_by, link.sent(mqtt.PINGREQ)) for link in broker.links]
        == [("keep-alive", [])],
        lambda result, broker: [link.ended_by for link in broker.links] in ([None], ["client"]),
    ),
    "the answer to a ping looks like nothing": Defect(
        "ping_and_check",
        lambda: [],
        _returns([None, None]),
        lambda result, broker: result == [False, True],
    ),
    "packet ids run over 65535 into 0": Defect(
        "wrap_packet_ids",
        lambda: [],
        lambda outcome, broker: "packet id 0" in str(broker.violations),
        lambda result, broker: [packet.pid for packet in broker.published] == [65535, 1],
    ),
    "text is measured in characters instead of bytes": Defect(
        "publish_text",
        lambda: [],
        lambda outcome, broker: _payloads(broker) == ["20\u00b0".encode()],  # and what follows is out of step
        lambda result, broker: _payloads(broker) == ["20\u00b0C".encode(), b"ok"],
    ),
    "a filter of more than 122 bytes is sent with a broken length": Defect(
        "subscribe_long",
        lambda: [],
        lambda outcome, broker: "runs past the end" in str(broker.violations),
        lambda result, broker: len(broker.links[0].sent(mqtt.SUBSCRIBE)) == 1,
    ),
    "a failed connect leaves the socket open": Defect(
        "count_sockets_after_a_refusal", _refusal, _returns(1), lambda result, broker: result == 0
    ),
    "a host whose first address is IPv6 is tried by IPv4": Defect(
        # An IPv6 address that leads to the broker even where the machine has no IPv6 network.
        "publish_once",
        lambda: [],
        _raises("OSError(97"),  # EAFNOSUPPORT
        lambda result, broker: _payloads(broker) == [b"1"],
        host="::ffff:127.0.0.1",
    ),
    "ssl=True takes any server for the broker": Defect(
        "be_refused",
        lambda: [],
        lambda outcome, broker: outcome.value is None and broker.links[0].connect.client_id == "device",
        lambda result, broker: "not signed by the given CA" in result and not broker.links,
        tls="none",
    ),
    "a refusal is a number without words": Defect(
        "be_refused", _refusal, _returns("5"), lambda result, broker: "not authorized" in result
    ),
    "another packet is taken for CONNACK once asserts are compiled out": Defect(
        "be_refused",
        lambda: [Replace(mqtt.CONNACK, mqtt.puback(0x0700))],
        _returns(None),
        lambda result, broker: "broke the protocol" in result,
    ),
    "a user name without password raises TypeError": Defect(
        "log_in_without_password",
        lambda: [],
        _raises("TypeError"),
        lambda result, broker: broker.links[0].connect.user == "user",
    ),
    "each subscription is one packet that waits for its answer, and none can be made before the connection": Defect(
        "subscribe_ahead",
        lambda: [],
        _raises("AttributeError"),
        lambda result, broker: [len(packet.filters) for packet in broker.links[0].sent(mqtt.SUBSCRIBE)] == [8],
    ),
    "a SUBACK of another packet is taken for the answer": Defect(
        "subscribe_once",
        lambda: [Insert(mqtt.SUBACK, before=mqtt.suback(999, [0x80]))],
        _raises("MQTTException(128"),
        lambda result, broker: len(broker.links[0].sent(mqtt.SUBSCRIBE)) == 1,
    ),
    "a message without a callback raises TypeError": Defect(
        "receive_without_callback",
        lambda: [Insert(mqtt.CONNACK, behind=mqtt.publish("t", b"1"))],
        _raises("TypeError"),
        lambda result, broker: _payloads(broker) == [b"alive"],
    ),
    "a callback that raises costs the PUBACK": Defect(
        "raise_in_callback",
        lambda: [],
        lambda outcome, broker: outcome.kind == "result" and not broker.links[0].sent(mqtt.PUBACK),
        lambda result, broker: len(broker.links[0].sent(mqtt.PUBACK)) == 1,
    ),
    "a packet that claims 200 MB is a MemoryError": Defect(
        "receive",
        lambda: [Replace(mqtt.PUBLISH, b"\x30\x80\x80\x80\x60\x00\x01t" + bytes(20))],
        _raises("MemoryError"),
        lambda result, broker: result == [],
    ),
    "a length of more than four bytes is believed": Defect(
        "receive",
        lambda: [Replace(mqtt.PUBLISH, b"\x30\xff\xff\xff\xff\x01\x00\x01t")],
        _raises("MemoryError"),
        lambda result, broker: broker.links[0].closed_at is not None,
    ),
    "disconnect on a dead link raises": Defect("leave_a_dead_link", lambda: [_ResetSoon()], _raises("OSError")),
}


async def _run(defect: Defect, package: str, broker, ca, over=lambda outcome: False) -> Outcome:
    """How the program ended; one that hangs is waited for until over(outcome), or in vain."""
    arguments = [package, defect.program, defect.host, broker.port]
    if defect.tls:
        arguments.append(ca if defect.tls == "ca" else "none")
    with Process(_RUNTIME, _SCRIPT, *arguments, heap="128k") as device:
        await asyncio.to_thread(device.expect, "begins", 60)
        for _ in range(HANG_S // _HUNG_S):
            ended = device.ended  # before it is listened to: what it said at its end is heard too
            try:
                event = await asyncio.to_thread(
                    device.expect_that, lambda event: event["event"] in ("result", "raised"), _HUNG_S
                )
                return Outcome(event["event"], event.get("value", event.get("text")))
            except AssertionError as error:
                outcome = Outcome("dead" if ended else "hung", str(error))
                if ended or over(outcome):
                    break
        return outcome


async def _judge(defect: Defect, package: str, pki) -> tuple:
    """Whether it went as the defect says of this client, and what was seen."""
    async with Broker(defect.faults(), tls=pki.server if defect.tls else None) as broker:

        def as_said(outcome):
            if package == "umqtt.simple":
                return defect.fails(outcome, broker)
            return outcome.kind == "result" and defect.holds(outcome.value, broker)

        outcome = await _run(defect, package, broker, pki.ca, as_said)
        for _ in range(_HUNG_S * 100):  # the broker may not have read the last packet yet
            if as_said(outcome):
                break
            await asyncio.sleep(0.01)
        return as_said(outcome), (outcome, broker.violations, [list(map(str, link.packets)) for link in broker.links])


@dataclass
class Pki:
    """A server's context whose certificate only the CA in the file `ca` vouches for."""

    server: ssl.SSLContext
    ca: str


@pytest.fixture(scope="module")
def pki(tmp_path_factory, authority):
    folder = tmp_path_factory.mktemp("pki")
    server = server_context()
    server.maximum_version = ssl.TLSVersion.TLSv1_2  # an ESP32's
    server.load_cert_chain(*authority.issue("server", hosts=["localhost", "127.0.0.1"]).write(folder, "server"))
    (folder / "ca.der").write_bytes(authority.der())
    return Pki(server, str(folder / "ca.der"))


@pytest.mark.parametrize("package", ["umqtt.simple", "aws_iot"])
@pytest.mark.parametrize("defect", _DEFECTS)
def test_umqtt_simple_has_the_defect_and_our_client_has_not(defect, package, pki):
    as_said, seen = asyncio.run(_judge(_DEFECTS[defect], package, pki))
    assert as_said, seen


@pytest.mark.parametrize(("package", "records"), [("umqtt.simple", 9), ("aws_iot", 2)])
def test_umqtt_simple_writes_a_packet_in_pieces_and_our_client_at_once(package, records, pki):
    """CONNECT in four and PUBLISH in five writes, each a TLS record and a wait for Nagle."""
    wire = _Records()

    async def count():
        async with Broker(tls=pki.server) as broker, Relay(("127.0.0.1", broker.port), lambda number: wire) as relay:
            device = Defect("publish_once", None, None, tls="ca")
            outcome = await _run(device, package, relay, pki.ca)
            return outcome, _payloads(broker)

    outcome, payloads = asyncio.run(count())
    assert (outcome.kind, payloads) == ("result", [b"1"])
    assert wire.count == records
