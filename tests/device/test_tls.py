"""aws_iot.mqtt.tls: certificates and keys in every form that AWS, openssl and Zerynth's tools hand out."""

import hashlib
import sys
from binascii import a2b_base64, b2a_base64, hexlify

from peer import Peer
from samples import raises

import aws_iot
import aws_iot.mqtt.tls as tls
from aws_iot import MQTTClient, Shadow, Thing
from aws_iot.credentials import unwrap

# A P-256 key made for this test, as PKCS#8 and as SEC1, and its certificate: they open nothing.
_CERTIFICATE = (
    "MIIBUDCB96ADAgECAhRA6WOXbonbMwzhbynl02gv4a++XjAKBggqhkjOPQQDAjAXMRUwEwYDVQQDDAxUZXN0IFJvb3QgQ0EwIBcNMjYxMTE5"
    "MTg0OTA2WhgPMjEwMDEwMjMxODQ5MDZaMBExDzANBgNVBAMMBmRldmljZTBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABCyEG5JFfUkf3+DD"
    "hz09gyZ2Liy6SwrMv02obcSFo5s+p4CNslfn1V/i3iZWbKJ+Lhyt8yR3vZxaR295OdRyokijJTAjMAwGA1UdEwEB/wQCMAAwEwYDVR0lBAww"
    "CgYIKwYBBQUHAwIwCgYIKoZIzj0EAwIDSAAwRQIgMy2YSWSmFAeubvz9JywTTsDXBg4tIEW88Cud7nZ4ALkCIQDJiE314jatBkpEv5ZoKJrY"
    "7omWkaCsVVYtOx7QNW5n2A=="
)
_PKCS8 = (
    "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgpwybW5PF744ryumJxnFlWA0Bp0SrSmGzHM0kxW9COK6hRANCAAQshBuSRX1J"
    "H9/gw4c9PYMmdi4suksKzL9NqG3EhaObPqeAjbJX59Vf4t4mVmyifi4crfMkd72cWkdveTnUcqJI"
)
_SEC1 = (
    "MHcCAQEEIKcMm1uTxe+OK8rpicZxZVgNAadEq0phsxzNJMVvQjiuoAoGCCqGSM49AwEHoUQDQgAELIQbkkV9SR/f4MOHPT2DJnYuLLpLCsy/"
    "TahtxIWjmz6ngI2yV+fVX+LeJlZson4uHK3zJHe9nFpHb3k51HKiSA=="
)
_MICROPYTHON = sys.implementation.name == "micropython"


def _pem(kind, body):
    lines = [body[at : at + 64] for at in range(0, len(body), 64)]
    return "-----BEGIN %s-----\n%s\n-----END %s-----\n" % (kind, "\n".join(lines), kind)


def _forms(text, body):
    """The same content in every form that is accepted."""
    data = text.encode()
    return [
        text,
        data,
        data + b"\0",
        data.replace(b"\n", b"\r\n"),
        data.rstrip(),
        b"Bag Attributes\n" + data,
        a2b_base64(body),
    ]


def _certificate():
    return _pem("CERTIFICATE", _CERTIFICATE)


def _key():
    return _pem("PRIVATE KEY", _PKCS8)


def _settings(context):
    """(verifies the chain, checks the host name) of a context."""
    if _MICROPYTHON:
        return context.verify_mode == 2, context.verify_mode == 2  # mbedTLS: one with the other
    inner = context._context
    return inner.verify_mode == 2, inner.check_hostname


def test_certificate_forms():
    for certificate in _forms(_certificate(), _CERTIFICATE):
        tls.context(certificate, _key())


def test_key_forms():
    sec1 = _pem("EC PRIVATE KEY", _SEC1)
    one_line = _pem("EC PRIVATE KEY", _SEC1).replace("\n", " ")
    letters = _key().replace("\n", "\\n")  # as a value in JSON or of an environment's variable
    parameters = _pem("EC PARAMETERS", "BggqhkjOPQMBBw==")  # openssl ecparam -genkey puts them in front
    keys = _forms(sec1, _SEC1) + _forms(_key(), _PKCS8) + [parameters + sec1, one_line, letters]
    for key in keys:
        tls.context(_certificate(), key)


def test_ca_forms():
    roots = (aws_iot.roots.CA1, aws_iot.roots.CA3)
    bodies = [str(b2a_base64(root), "ascii").strip() for root in roots]
    texts = [_pem("CERTIFICATE", body) for body in bodies]
    for ca in _forms(texts[0], bodies[0])[:-2] + [roots[0], "\n".join(texts)]:
        tls.context(None, None, ca)


def test_verified_unless_told_otherwise():
    assert _settings(tls.context()) == (True, True)
    assert _settings(tls.context(_certificate(), _key())) == (True, True)
    assert _settings(tls.context(verify=False)) == (False, False)


def test_what_is_wrong_is_named():
    def wrong(*arguments):
        return str(raises(ValueError, tls.context, *arguments))

    certificate, key = _certificate(), _key()
    for value in ("certificate.pem.crt", b"/certs/key", "x", bytearray(b"x"), 7, ["x"]):
        assert "certificate:" in wrong(value, key), value
        assert "private key:" in wrong(certificate, value), value
        assert "cacert:" in wrong(None, None, value), value
    assert "not a file name" in wrong("certificate.pem.crt", key)
    assert "go together" in wrong(certificate, None)
    assert "go together" in wrong(None, key)
    for damaged in (
        certificate[:200],
        b"\x30\x82\1\1garbage",
        _pem("CERTIFICATE", "AAAA"),
        a2b_base64(_CERTIFICATE)[:99],
    ):
        text = wrong(damaged, key)
        assert "certificate" in text, text
        text = wrong(None, None, damaged)
        assert "cacert" in text, text
    for damaged in (key[:120], b"\x30\x82\1\1garbage", _pem("PRIVATE KEY", "AAAA"), a2b_base64(_SEC1)[:40]):
        assert "key" in wrong(certificate, damaged)


# Of the same key: the public one, the private one with a password (PBES2), a request.
_PUBLIC = (
    "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAELIQbkkV9SR/f4MOHPT2DJnYuLLpLCsy/TahtxIWjmz6ngI2yV+fVX+LeJlZson4uHK3zJHe9nFpH"
    "b3k51HKiSA=="
)
_ENCRYPTED = (
    "MIH0MF8GCSqGSIb3DQEFDTBSMDEGCSqGSIb3DQEFDDAkBBD8aw9YSaV7PGuULZtuC6dRAgIIADAMBggqhkiG9w0CCQUAMB0GCWCGSAFlAwQBKgQQ"
    "NwCgBC2who5o0wbHu950aASBkP/9GbPs4Gonm5iss3uL2tff13AlWft0AE2/vSoYeV9H+nxhVdjKoJimJhMgcwbVsXwftZOepaQIEHZCplNRB838"
    "kUzVL3+1GRSKPhIbiCwP9Yt4GWyxoUqwZNL9qpkIWNTAzE/+wX0QxE4Bmy5ADlvzyfJUNHkzeEmZXbPdeBY4rlqCO9WdKTKXtV6hRuYyig=="
)
_REQUEST = (
    "MIHFMG4CAQAwDDEKMAgGA1UEAwwBeDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABCyEG5JFfUkf3+DDhz09gyZ2Liy6SwrMv02obcSFo5s+p4CN"
    "slfn1V/i3iZWbKJ+Lhyt8yR3vZxaR295OdRyokigADAKBggqhkjOPQQDAgNHADBEAiBQM3ls7b9VuYIBHFoULA3+UAXsSenmq+FYQqyQwQQZtQIg"
    "MACgWepFbprSL6lU3bNZ2n1j7bplr2Q8Jn1EcDWk+l4="
)
_OTHER = (
    "MHcCAQEEIPwnsfan+j5gOEz62V9mXoxfHpFp++0KWyVt2qHqXgGgoAoGCCqGSM49AwEHoUQDQgAEQtr6anrkpMwXiWCtwgyEIziBc1QqE/sD4nJt"
    "PVwAs4E/1SCXmP4UYSusMMxpDUvccPm38lRmILY1n0JjEN7e0w=="
)  # another key


def test_each_wrong_file_is_told_by_what_it_says_of_itself():
    def wrong(certificate, key, *more):
        return str(raises(ValueError, tls.context, certificate, key, *more))

    files = {
        "a private key": (("PRIVATE KEY", _PKCS8), ("EC PRIVATE KEY", _SEC1)),
        "a public key": (("PUBLIC KEY", _PUBLIC),),
        "a private key with a password": (("ENCRYPTED PRIVATE KEY", _ENCRYPTED),),
        "a request for a certificate": (("CERTIFICATE REQUEST", _REQUEST),),
        "a certificate": (("CERTIFICATE", _CERTIFICATE),),
    }
    for said in files:
        for label, body in files[said]:
            for file in (_pem(label, body), a2b_base64(body)):
                if said != "a certificate":
                    assert wrong(file, _key()).startswith("certificate: it is " + said), (label, wrong(file, _key()))
                    assert wrong(None, None, file).startswith("cacert: it is " + said), label
                if said != "a private key":
                    assert wrong(_certificate(), file).startswith("private key: it is " + said), label
    for pair in ((_key(), _certificate()), (a2b_base64(_SEC1), a2b_base64(_CERTIFICATE))):
        assert wrong(*pair) == "certificate and private key are swapped"
    old = _pem("EC PRIVATE KEY", "AAAA").replace("KEY-----\n", "KEY-----\nProc-Type: 4,ENCRYPTED\n\n", 1)
    assert "with a password" in wrong(_certificate(), old)
    assert "a key of ssh" in wrong(_certificate(), _pem("OPENSSH PRIVATE KEY", "b3BlbnNzaC1rZXk="))
    assert "PKCS#12" in wrong(b"\x30\x82\4\0\2\1\3\x30\x82\3\0" + bytes(20), _key())
    if not _MICROPYTHON:
        assert "not of one pair" in wrong(_certificate(), _pem("EC PRIVATE KEY", _OTHER))


def test_what_is_empty_is_no_absence():
    for empty in ("", b""):
        assert str(raises(ValueError, tls.context, None, None, empty)) == "cacert: nothing is in it"
        assert "certificate: nothing is in it" in str(raises(ValueError, tls.context, empty, _key()))
        for name in ("ca", "cacert", "thingname", "client_id", "certificate", "key", "endpoint"):
            given = {"endpoint": "host", "client_id": "c", "certificate": _certificate(), "key": _key(), name: empty}
            raises(ValueError, lambda given=given: Thing(**given))


def test_roots():
    # the fingerprints that https://www.amazontrust.com/repository/ tells
    for root, digest in (
        (aws_iot.roots.CA1, "8ecde6884f3d87b1125ba31ac3fcb13d7016de7f57cc904fe1cb97c6ae98196e"),
        (aws_iot.roots.CA3, "18ce6cfe7bf14e60b2e347b8dfe868cb31d02ebb3ada271569f50343b46db3a4"),
    ):
        assert str(hexlify(hashlib.sha256(root).digest()), "ascii") == digest


def test_only_the_der_is_taken_from_pem():
    # for ports that read only DER
    issuer = _pem("CERTIFICATE", "AAAA")
    assert tls._der((_certificate() + issuer).encode()) == a2b_base64(_CERTIFICATE)
    parameters = _pem("EC PARAMETERS", "BggqhkjOPQMBBw==")
    assert tls._der((parameters + _pem("EC PRIVATE KEY", _SEC1)).encode()) == a2b_base64(_SEC1)
    assert tls._der(b"\x30\1\0") == b"\x30\1\0"


class _Port:
    """Stands in for the load methods of a port that reads only DER."""

    def __init__(self):
        self.taken = []

    def load(self, *data):
        for item in data:
            if item.startswith(b"-----"):
                raise ValueError("invalid cert")
        self.taken.append(data)


def test_ports_that_read_only_der():
    port = _Port()
    tls.load(port.load, _certificate().encode(), _key().encode())
    assert port.taken == [(a2b_base64(_CERTIFICATE), a2b_base64(_SEC1))]


class _Older:
    """Stands in for the tls module of MicroPython 1.23 on mbedTLS 3: no PEM (but on the ESP32), and no key in PKCS#8,
    which its mbedTLS reads with a NUL behind it (extmod/modtls_mbedtls.c of v1.23.0). All else is the real context's.
    """

    def __init__(self, context):
        self.context = context

    def load_cert_chain(self, certificate, key):
        if key.startswith(b"-----") or b"\2\1\0\x30" in key[:8]:
            raise ValueError("invalid key")
        self.context.load_cert_chain(certificate, key)


def test_keys_that_micropython_1_23_takes():
    if not _MICROPYTHON:
        return  # the same keys are taken by CPython: see tests/system/test_tls.py
    context = __import__("tls").SSLContext(0)
    for form in _forms(_key(), _PKCS8):
        tls.load(_Older(context).load_cert_chain, a2b_base64(_CERTIFICATE), tls.read(form, "private key"))


def test_out_of_pkcs8():
    pkcs8, sec1 = a2b_base64(_PKCS8), a2b_base64(_SEC1)
    assert unwrap(pkcs8) == sec1
    # what is none stays as it is
    for data in (sec1, a2b_base64(_CERTIFICATE)):
        assert unwrap(data) == data
    # RFC 8410: a key of another kind, Ed25519
    other = a2b_base64("MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC")
    assert unwrap(other) == other
    # one that names its curve itself
    named = b"\x30\x81" + bytes((len(pkcs8) - 3 + 12,)) + pkcs8[3:27] + b"\x04\x79\x30\x77" + sec1[2:]
    assert len(named) == len(pkcs8) + 12 and unwrap(named) == sec1


def test_of_a_client():
    with Peer() as peer:
        client = peer.client(
            ssl=True,
            ssl_params={"cert": _certificate(), "key": _key(), "cadata": aws_iot.roots.CA1},
        )
        assert _settings(tls.prepare(client)) == (True, True)
        client = peer.client(ssl=True, ssl_params={"cert_reqs": 0})
        assert _settings(tls.prepare(client)) == (False, False)
        assert tls.prepare(peer.client(ssl=peer)) is peer  # a context of one's own


def test_a_context_of_cpythons():
    if _MICROPYTHON:
        context = __import__("tls").SSLContext(0)
        with Peer() as peer:
            assert tls.prepare(peer.client(ssl=context)) is context
    else:
        context = __import__("ssl").create_default_context()
        with Peer() as peer:
            assert tls.prepare(peer.client(ssl=context))._context is context


def test_a_thing_is_not_made_of_what_is_no_certificate():
    for arguments in (("no", _key()), (_certificate(), "no"), (_certificate(), _key(), None, "no")):
        raises(ValueError, Thing, "host", "id", *arguments)
    thing = Thing("host", "id", _certificate(), _key())
    assert isinstance(thing.mqtt, MQTTClient) and isinstance(thing.shadow, Shadow)
    assert thing.mqtt.ssl is True  # the texts are not kept
