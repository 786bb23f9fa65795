"""Faults of TLS: before, in and after the handshake."""

from tests.harness import broker_packets as mqtt
from tests.harness.broker_faults import Truncate
from tests.harness.broker_wire import CutRecordWire, CutWire, DripWire, FlipRecordWire, FlipWire, NoiseWire, StallWire

from .pki import HOST, pki
from .row import ENDED, First, Row, traffic

_ALERT = b"\x15\x03\x03\x00\x02\x02\x28"  # fatal, handshake_failure
_PORTAL = b"HTTP/1.1 302 Found\r\nLocation: http://login.example/\r\nContent-Length: 0\r\n\r\n"


_BY_CERTIFICATE = ("mqtt",)  # at the other door there is none
# A client that still writes when the server has refused it and closed may be told by TCP before it reads the alert.
_REFUSED = (
    "the server refused this device's certificate: not active, not registered"
    " | closed in the TLS handshake: device certificate refused"
)


def _untouched(count):
    """No CONNECT went to the servers that could not be trusted: the first `count` connections."""

    def check(run):
        assert run.relay.connections > count
        assert sum(1 for link in run.broker.links if link.connect is not None) == run.relay.connections - count
        _secret(run)

    return check


def _secret(run):
    """The private key is in nothing that the device said."""
    key = (pki().folder / "device.key").read_text().splitlines()[1]
    text = str(run.device.said) + run.device.errors
    assert key not in text and "PRIVATE KEY" not in text


def _distrusted(kind, words):
    """A server that must not be trusted, twice; then the right one."""
    return Row(f"server certificate: {kind}", tls=(kind, kind, "good"), cause=words, raises=words, check=_untouched(2))


def _refusing(kind, version):
    name, servers = f"client certificate refused, TLS {version}", (kind, kind, "good")
    return Row(name, tls=servers, cause=_REFUSED, check=_secret, doors=_BY_CERTIFICATE)


async def _then_distrusted(run):
    """The certificate goes bad at a reconnect, and is right again later."""
    device = await run.start()
    await device.says("puback", count=2)
    run.broker.live()[0].close()
    await device.says("ready", count=2)
    await traffic(run)


async def _large(run):
    """100 KB in TLS records of 16 KB."""
    device = await run.start()
    await device.says("puback")
    payload = b"records" + bytes(100_000)
    run.broker.delivered.append(("in/x", payload))
    await run.broker.publish("in/x", payload, 1)
    await device.says("got", size=len(payload))
    await traffic(run)


async def _clock_unset(run):
    """The board thinks that it is the year 2000."""
    await run.start(year=2000)
    await traffic(run)


def _hello(run):
    """TLS 1.2 or newer, SNI, no weak suite: read from the ClientHello."""
    hello = run.wires.made[0].first
    body = hello[5 + 4 :]
    assert hello[0] == 22 and body[0] == 3 and body[1] >= 3, "older than TLS 1.2"
    at = 34 + 1 + body[34]
    size = int.from_bytes(body[at : at + 2], "big")
    suites = {int.from_bytes(body[i : i + 2], "big") for i in range(at + 2, at + 2 + size, 2)}
    # AWS's recommended pair: ECDHE-ECDSA and ECDHE-RSA with AES128-GCM-SHA256
    assert suites & {0xC02B, 0xC02F}, "none of the suites that AWS recommends"
    # NULL, EXPORT, RC4, DES and anonymous suites of the IANA registry
    weak = suites & {0x0000, 0x0001, 0x0002, 0x0003, 0x0004, 0x0005, 0x0008, 0x0009, 0x0014, 0x0018, 0x001A, 0x0034}
    assert not weak, f"weak suites {weak}"
    assert HOST.encode() in body, "no SNI"


class Listen(CutWire):
    """Carries everything and keeps the first bytes of the device."""

    def __init__(self):
        super().__init__()
        self.first = b""

    async def up(self, data, before):
        self.first = self.first or data
        yield data


def _shown(link):
    """The common name of the certificate that the device showed."""
    subject = link.writer.get_extra_info("peercert")["subject"]
    return dict(pair for part in subject for pair in part)["commonName"]


async def _device_rotated(run):
    """A new certificate while the link stands: the next connection shows it."""
    device = await run.start()
    await device.says("puback", count=2)
    assert _shown(run.broker.live()[0]) == "device"
    renewed = pki().device("renewed")
    await run.order(do="rotate", cert=renewed["cert"], key=renewed["key"])
    await run.tell("in the old link")
    await device.says("got", payload="in the old link")
    run.broker.live()[0].close()
    await device.says("ready", count=2)
    assert _shown(run.broker.live()[0]) == "renewed"
    await traffic(run)


async def _server_rotated(run):
    """The broker restarts, away for a while, with a new certificate of the same CA."""
    device = await run.start()
    await device.says("puback", count=2)
    await run.broker.stop(reset=True)
    await device.says("disconnected", count=2)
    await run.broker.start()
    await device.says("ready", count=2)
    await traffic(run)


ROWS = [
    Row("TLS 1.3, nothing wrong", tls=("tls13",), connects=1, check=_secret),
    Row("TLS 1.2, nothing wrong", tls=("tls12",), connects=1, check=_secret),
    Row("ClientHello: suites and SNI", tls=("good",), wires=lambda: First(Listen), check=_hello),
    Row(
        "handshake stalls at once",
        tls=("good",),
        wires=lambda: First(lambda: StallWire(down_bytes=0)),
        cause="the TLS handshake with localhost | the TLS handshake with 127.0.0.1",
        raises="stalled",
    ),
    Row(
        "handshake stalls in the server's flight",
        tls=("good",),
        cause="TLS handshake with",
        wires=lambda: First(lambda: StallWire(down_bytes=300)),
    ),
    Row(
        "RST in the handshake",
        tls=("good",),
        wires=lambda: First(lambda: CutWire(down_bytes=200, reset=True)),
        cause="closed in the TLS handshake",
    ),
    Row(
        "FIN in the handshake",
        tls=("good",),
        wires=lambda: First(lambda: CutWire(down_bytes=200)),
        cause="closed in the TLS handshake",
    ),
    Row(
        "a captive portal answers",
        tls=("good",),
        wires=lambda: First(lambda: NoiseWire(_PORTAL)),
        cause="no TLS server at",
        check=_secret,
    ),
    Row(
        "noise instead of TLS",
        tls=("good",),
        wires=lambda: First(lambda: NoiseWire(bytes(range(256)) * 4)),
        cause="or no TLS server at",
    ),
    Row(
        "TLS alert",
        tls=("good",),
        wires=lambda: First(lambda: NoiseWire(_ALERT)),
        cause="the server refused this device's certificate",
    ),
    Row(
        "one byte damaged in the handshake",
        tls=("tls13",),  # which is encrypted from there on; in TLS 1.2 it is a byte of the certificate
        wires=lambda: First(lambda: FlipWire(150)),
        cause="a TLS record was damaged on its way",
    ),
    Row(
        "one byte damaged late in the handshake, TLS 1.2",
        cause="closed in the TLS handshake",
        tls=("tls12",),
        # of 1,250 bytes that rp2's TLS has in its handshake, or of 1,500 that an ESP32's has
        wires=lambda: First(lambda: FlipWire(1100)),
        device={"publishes": 6},
    ),
    Row(
        "one byte damaged in a record, TLS 1.2",
        cause="a TLS record was damaged on its way",
        tls=("tls12",),
        wires=lambda: First(lambda: FlipRecordWire(5)),
        device={"publishes": 6},
    ),
    Row("handshake one byte at a time", tls=("good",), wires=lambda: First(DripWire), connects=1),
    _distrusted("stranger", "not signed by the given CA"),
    _distrusted("misnamed", "the server's certificate is not for"),
    _distrusted("expired", "has expired, or the clock is wrong"),
    _distrusted("future", "not yet valid, or the clock"),
    Row(
        "clock not set",
        tls=("future", "good"),
        program="clockless",
        script=_clock_unset,
        cause="the clock is not set (it says 2000-01-01)",
        check=_untouched(1),
    ),
    Row(
        "certificate goes bad at a reconnect",
        tls=("good", "stranger", "expired", "good"),
        script=_then_distrusted,
        device={"publishes": 4},
        cause=(ENDED, "is not signed by the given CA", "the server's certificate has expired"),
    ),
    _refusing("refuse12", "1.2"),
    _refusing("refuse13", "1.3"),
    Row(
        "device certificate renewed while it runs",
        tls=("good",),
        program="rotated",
        script=_device_rotated,
        doors=_BY_CERTIFICATE,
        device={"publishes": 5},
        cause=ENDED,
        growth_bytes=8192,  # the client keeps the context that it was made with, beside the new one
        check=_secret,
    ),
    Row(
        "broker restarts with a new certificate of the same CA",
        tls=("good", "renewed"),
        script=_server_rotated,
        device={"publishes": 5},
        cause=(ENDED, "closed in the TLS handshake | closed before CONNACK | cannot be reached"),
    ),
    Row("TLS 1.0 only", tls=("old", "good"), cause="or no TLS server at", check=_untouched(1)),
    Row("certificate chain over 8 KB", tls=("large",), connects=1),
    Row("16 KB records", tls=("good",), script=_large, heap="1m", connects=1),
    Row(
        "close_notify in the middle of a packet",
        tls=("good",),
        device={"publishes": 4},
        faults=lambda: [Truncate(mqtt.PUBLISH, 9, close=True)],
        cause=ENDED,
    ),
    Row(
        "closed without close_notify",
        tls=("tls12",),
        wires=lambda: First(lambda: CutRecordWire(5)),
        device={"publishes": 6},
        cause=ENDED,
    ),
]
