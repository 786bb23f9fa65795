"""What a chip signs becomes what TLS wants, and a request for a certificate: as the cryptography package has them."""

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, utils
from cryptography.hazmat.primitives.hashes import SHA256, Hash
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from aws_iot.web import key

_NUMBERS = st.integers(0, 2**256 - 1) | st.integers(0, 300)


@given(_NUMBERS, _NUMBERS)
def test_any_signature(r, s):
    assert key.der(r.to_bytes(32, "big") + s.to_bytes(32, "big")) == utils.encode_dss_signature(r, s)


class Chip:
    """A key of ours that plays the chip: it signs as one does."""

    def __init__(self):
        self._key = ec.generate_private_key(ec.SECP256R1())
        self.public = self._key.public_key()

    def sign(self, digest):
        r, s = utils.decode_dss_signature(self._key.sign(digest, ec.ECDSA(utils.Prehashed(SHA256()))))
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")

    def x_and_y(self):
        return self.public.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)[1:]


@given(st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=64))
def test_a_request_for_a_certificate(name):
    chip = Chip()
    made = x509.load_der_x509_csr(key.request(chip.x_and_y(), chip.sign, name))
    assert made.is_signature_valid and made.public_key() == chip.public
    assert [each.value for each in made.subject] == [name]


def test_aws_makes_a_certificate_of_it(ministack):
    chip = Chip()
    request = x509.load_der_x509_csr(key.request(chip.x_and_y(), chip.sign, "lamp"))
    text = request.public_bytes(Encoding.PEM).decode()
    made = ministack.client("iot").create_certificate_from_csr(certificateSigningRequest=text, setAsActive=True)
    assert x509.load_pem_x509_certificate(made["certificatePem"].encode()).public_key() == chip.public


def test_a_chip_that_signs():
    """A context of ours plays TLS: what the chip signed holds against its public key."""
    chip = Chip()

    class Context:
        ecdsa_sign_callback = None

        def load_cert_chain(self, certificate, key):
            pass

    context = Context()
    key.load(context, b"certificate", chip.sign)
    hashed = Hash(SHA256())
    hashed.update(b"a handshake")
    digest = hashed.finalize()
    signature = context.ecdsa_sign_callback(bytearray(b"\1"), bytearray(digest))
    chip.public.verify(signature, digest, ec.ECDSA(utils.Prehashed(SHA256())))
