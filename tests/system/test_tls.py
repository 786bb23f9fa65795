"""What goes wrong in TLS 1.3, and in 1.2 as an ESP32 speaks it, met at Mosquitto: one LinkError that says why."""

import json
import re
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from aws_iot.credentials import unwrap
from tests.harness import program
from tests.harness.certificates import Authority, Identity
from tests.harness.mosquitto import Mosquitto
from tests.harness.runtimes import Process

_PROGRAM = program("system", "tls_settings")
# A server that refuses a certificate sends an alert and closes; whether the alert, the end of the link, or the answer
# to bytes that came too late is seen first is the network's choice. In TLS 1.3 it all comes after the handshake.
_REFUSED = (
    "the server refused this device's certificate|closed in the TLS handshake: device certificate refused"
    "|closed before CONNACK: is the certificate active"
)
_UNSOUND_SERVERS = {
    "misnamed": {"hosts": ("elsewhere.example",)},
    "expired": {"hosts": ("localhost",), "from_days": -30, "to_days": -1},
    "future": {"hosts": ("localhost",), "from_days": 1, "to_days": 30},
}


@pytest.fixture(scope="module")
def unsound(tmp_path_factory, authority):
    """Makes a Mosquitto whose own certificate is of this kind, in this version of TLS."""
    running = {}

    def make(kind: str, tls: str) -> Mosquitto:
        if (kind, tls) not in running:
            broker = running[kind, tls] = Mosquitto(tmp_path_factory.mktemp("unsound"), authority, tls)
            authority.issue("server", **_UNSOUND_SERVERS[kind]).write(broker.folder, "server")
            broker.start()
        return running[kind, tls]

    yield make
    for broker in running.values():
        broker.stop()


@pytest.fixture
def device(tmp_path, authority):
    """The files of a device that is in order, as the program's settings."""
    return _settings(tmp_path, authority, authority.issue("device"))


def _settings(folder, authority, identity) -> dict:
    (folder / "ca.pem").write_bytes(authority.pem())
    certificate, key = identity.write(folder, "device")
    return {"ca": str(folder / "ca.pem"), "cert": str(certificate), "key": str(key)}


def _told(runtime, brokers, settings: dict, port=lambda broker: broker.port) -> list:
    """What the program says of a connection to each of the brokers with these settings."""
    attempts = [{**settings, "port": port(broker)} for broker in brokers]
    with Process(runtime, _PROGRAM, heap="112k") as process:
        process.send(json.dumps(attempts))
        answers = [process.expect_that(lambda event: event["event"] != "print", 90) for _ in attempts]
        process.wait(30)
    return [{name: value for name, value in answer.items() if name != "at_s"} for answer in answers]


def _refuses(runtime, brokers, settings: dict, words: str, **options) -> None:
    for told in _told(runtime, brokers, settings, **options):
        assert told["event"] == "refused", told
        assert re.search(words, told["text"]), told
        assert told["disconnected"] == 1, told


@pytest.fixture
def sound(mosquitto, mosquitto_tls12):
    return mosquitto, mosquitto_tls12


def test_what_is_in_order_connects(runtime, sound, device):
    assert _told(runtime, sound, device) == [{"event": "connected"}] * 2


def test_no_device_certificate(runtime, sound, device):
    _refuses(runtime, sound, {"ca": device["ca"]}, _REFUSED)


def test_an_expired_device_certificate(runtime, sound, authority, tmp_path):
    expired = _settings(tmp_path, authority, authority.issue("device", from_days=-30, to_days=-1))
    _refuses(runtime, sound, expired, _REFUSED)


def test_a_device_certificate_of_another_authority(runtime, sound, authority, tmp_path):
    _refuses(runtime, sound, _settings(tmp_path, authority, Authority("another").issue("device")), _REFUSED)


@pytest.mark.parametrize("kind", ["RSA-2048", "P-256"])
def test_keys_out_of_pkcs8_are_the_ones_that_openssl_writes_and_connect(runtime, sound, authority, tmp_path, kind):
    identity = authority.issue("device", kind)
    settings = _settings(tmp_path, authority, identity)
    wrapped = identity.key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    bare = unwrap(wrapped)
    assert bare != wrapped and bare == identity.key_der()
    for form in (wrapped, bare):
        Path(settings["key"]).write_bytes(form)
        assert _told(runtime, sound, settings) == [{"event": "connected"}] * 2


@pytest.mark.runtimes("mp64", "mp32")  # CPython compares the two before it connects
def test_a_key_that_is_not_the_certificates(runtime, sound, authority, tmp_path):
    mixed = Identity(authority.issue("device").certificate, authority.issue("device").key)
    _refuses(runtime, sound, _settings(tmp_path, authority, mixed), _REFUSED)


def test_no_authority_to_verify_the_server_with(runtime, sound):
    # OpenSSL does not tell this from an authority that is not the server's.
    words = "not signed by the given CA" if runtime.name == "cpython" else "no CA was given to verify the server with"
    _refuses(runtime, sound, {}, words)


def test_another_authority_than_the_servers(runtime, sound, device, tmp_path):
    (tmp_path / "ca.pem").write_bytes(Authority("another").pem())
    _refuses(runtime, sound, device, "not signed by the given CA: wrong cacert, or not an -ats endpoint")


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("misnamed", "certificate is not for localhost: wrong endpoint"),
        ("expired", "server's certificate has expired, or the clock is wrong"),
        ("future", "server's certificate is not yet valid, or the clock .* is behind"),
    ],
)
def test_a_server_certificate_that_does_not_hold(runtime, unsound, device, kind, words):
    _refuses(runtime, [unsound(kind, tls) for tls in ("1.3", "1.2")], device, words)


def test_a_clock_that_was_never_set(runtime, unsound, device):
    brokers = [unsound("future", tls) for tls in ("1.3", "1.2")]
    _refuses(runtime, brokers, {**device, "year": 2000}, r"clock is not set \(it says 2000-\d\d-\d\d\): set it, by NTP")


def test_a_server_that_speaks_no_tls(runtime, mosquitto, device):
    words = "no TLS server at localhost"
    _refuses(runtime, [mosquitto], device, words, port=lambda broker: broker.plain_port)
