"""aws_iot.web.key: a function in place of a private key. The attribute by which TLS calls it is played: no interpreter
of the tests was built with it. What it calls the function with is that of MicroPython's own
(micropy_mbedtls_ecdsa_sign_alt in extmod/modtls_mbedtls.c): key and digest, bytearrays in borrowed memory.
"""

import hashlib
from binascii import a2b_base64

from samples import folder, raises
from test_tls import _CERTIFICATE, _certificate

import aws_iot
import aws_iot.mqtt.tls as tls
import aws_iot.web.key as key
from aws_iot import Thing

_DIGEST = hashlib.sha256(b"x").digest()


class _Context:
    ecdsa_sign_callback = None

    def load_cert_chain(self, certificate, key):
        self.loaded = certificate, key


def test_the_chip_signs():
    asked = []

    def sign(digest):
        asked.append(digest)
        return b"\x01" * 32 + b"\x02" * 32

    context = _Context()
    key.load(context, b"certificate", sign)
    assert context.loaded[0] == b"certificate"
    signature = context.ecdsa_sign_callback(bytearray(b"\1"), bytearray(_DIGEST))
    assert signature == b"\x30\x44\x02\x20" + b"\x01" * 32 + b"\x02\x20" + b"\x02" * 32
    assert asked == [_DIGEST] and isinstance(asked[0], bytes)


def test_what_a_signature_is():
    one = b"\0" * 31 + b"\1"
    high = b"\xff" * 32
    assert key.der(one + one) == b"\x30\x06\x02\x01\x01\x02\x01\x01"
    assert key.der(high + one) == b"\x30\x26\x02\x21\0" + high + b"\x02\x01\x01"
    assert key.der(b"\0" * 64) == b"\x30\x06\x02\x01\0\x02\x01\0"
    assert key.der(bytearray(b"\x30\x06\x02\x01\x01\x02\x01\x01")) == b"\x30\x06\x02\x01\x01\x02\x01\x01"
    for wrong in (b"", b"\x01" * 63, b"\x01" * 65):
        assert "r and s, or DER" in str(raises(ValueError, lambda wrong=wrong: key.der(wrong)))
    raises(TypeError, lambda: key.der(None))


def test_tls_takes_what_stands_for_the_key():
    """Beside the certificate of another: mbedTLS does not compare them. CPython's would refuse the pair."""
    if aws_iot.BOARD:
        import tls as module

        context = module.SSLContext(module.PROTOCOL_TLS_CLIENT)
        context.load_cert_chain(a2b_base64(_CERTIFICATE), key._NONE)


def test_firmware_without_it():
    said = str(raises(ValueError, lambda: Thing("e.com", "c", _certificate(), lambda digest: digest)))
    assert "built with MICROPY_PY_SSL_ECDSA_SIGN_ALT" in said
    assert "certificate and private key" in str(raises(ValueError, lambda: tls.context(None, lambda digest: digest)))


def test_a_certificate_that_goes_with_no_chip():
    class Refuses(_Context):
        def load_cert_chain(self, certificate, key):
            raise ValueError("invalid cert")

    said = str(raises(ValueError, lambda: key.load(Refuses(), b"no", lambda digest: digest)))
    assert said == "certificate: invalid cert"


def test_from_a_configuration_without_a_key():
    path = folder("key") + "/thing.conf.json"
    with open(path, "w") as file:
        file.write('{"endpoint": "e.com", "mqttid": "c"}')
    with open(path.replace("thing.conf.json", "certificate.pem.crt"), "w") as file:
        file.write(_certificate())
    said = str(raises(ValueError, lambda: Thing.from_config(path, key=lambda digest: digest)))
    assert "MICROPY_PY_SSL_ECDSA_SIGN_ALT" in said
