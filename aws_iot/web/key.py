"""A private key that never leaves its chip: a function signs in its place, and asks for the certificate. Lent for each
TLS context that has one, and for a request.

https://github.com/micropython/micropython/pull/15905 (SSLContext.ecdsa_sign_callback)
"""

from hashlib import sha256

# What mbedTLS takes for the key (RFC 5915): the number 1 on P-256, with which nothing is ever signed.
_NONE = (
    b"\x30\x31\x02\x01\x01\x04\x20" + b"\0" * 31 + b"\x01\xa0\x0a\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07"
)  # fmt: skip
# RFC 5480: id-ecPublicKey and secp256r1, and that a point without compression follows
_KEY = b"\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07"
_POINT = b"\x03\x42\x00\x04"
_SIGNED = b"\x30\x0a\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x02"  # ecdsa-with-SHA256, RFC 5758
_NAME = b"\x06\x03\x55\x04\x03"  # commonName, RFC 5280


def load(context, certificate, sign):
    """Have the TLS ``context`` show the ``certificate`` of a key on P-256, and ``sign`` sign for it. ValueError where
    the firmware's TLS cannot.
    """
    if not hasattr(context, "ecdsa_sign_callback"):
        raise ValueError(
            "key: a function that signs needs firmware that was built with MICROPY_PY_SSL_ECDSA_SIGN_ALT, which this"
            " was not"
        )
    try:
        context.load_cert_chain(certificate, _NONE)
    except (ValueError, OSError) as error:
        raise ValueError("certificate: %s" % error)
    # the digest lies in mbedTLS's memory
    context.ecdsa_sign_callback = lambda _, digest: der(sign(bytes(digest)))


def der(signature):
    """An ECDSA ``signature`` as TLS wants it (RFC 3279, section 2.2.3), of r and s, 32 bytes each, as chips have it."""
    if len(signature) != 64:
        if signature[:1] != b"\x30":
            raise ValueError("key: 64 bytes are the signature, r and s, or DER")
        return bytes(signature)
    numbers = b""
    for at in (0, 32):
        number = bytes(signature[at : at + 32])
        while len(number) > 1 and not number[0]:
            number = number[1:]
        if number[0] & 0x80:
            number = b"\0" + number
        numbers += bytes((2, len(number))) + number
    return bytes((0x30, len(numbers))) + numbers


def request(public, sign, name):
    """The request, DER, for the ``public`` key (x and y, 64 bytes), signed by ``sign`` as for load(), for ``name``.

    AWS makes a certificate of it.
    https://docs.aws.amazon.com/iot/latest/apireference/API_CreateCertificateFromCsr.html
    """
    if len(public) != 64:
        raise ValueError("public key: x and y, 64 bytes")
    name = name.encode()
    subject = _tagged(0x30, _tagged(0x31, _tagged(0x30, _NAME + _tagged(0x0C, name))))
    key = _tagged(0x30, _KEY + _POINT + bytes(public))
    info = _tagged(0x30, b"\x02\x01\x00" + subject + key + b"\xa0\x00")
    signature = b"\0" + der(sign(sha256(info).digest()))
    return _tagged(0x30, info + _SIGNED + _tagged(0x03, signature))


def _tagged(tag, content):
    size = len(content)
    length = (size,) if size < 128 else (0x81, size) if size < 256 else (0x82, size >> 8, size & 255)
    return bytes((tag,) + length) + content
