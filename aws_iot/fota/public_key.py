"""Public keys of those who sign firmware: read, and what is none named, when Fota is made. Lent.

RFC 5280 section 4.1.2.7, RFC 3279 and RFC 5480 (SubjectPublicKeyInfo); X.690 (DER).
"""

from binascii import a2b_base64

import aws_iot


def keys(public_key):
    """The key, or each of a list of keys, as read() gives it. ValueError also for a list without one."""
    if not isinstance(public_key, (list, tuple)):
        public_key = (public_key,)
    if not public_key:
        raise ValueError("public_key: no key in the list; None is for images without a signature")
    return [read(key) for key in public_key]


def read(key):
    """True and (modulus, exponent) of an RSA key, or False and (x, y) of an ECDSA one.

    ``key``: SubjectPublicKeyInfo as PEM or DER, str or bytes. ValueError tells what it is when it is neither P-256 nor
    RSA of 2048 to 4096 bits.
    """
    if not isinstance(key, (str, bytes)):
        raise ValueError("public_key: str or bytes expected, or a list of them")
    data = key.encode() if isinstance(key, str) else key
    if not data.strip():
        raise ValueError("public_key is empty: was its file cut? None is for images without a signature")
    try:
        return _public_key(_der(data))
    except LookupError as error:  # a key, but none that can be used
        raise ValueError("public_key: %s" % error)
    except ValueError:
        raise ValueError("public_key is damaged")


def _der(data):
    begin = b"-----BEGIN PUBLIC KEY-----"
    at = data.find(begin)
    if at >= 0:
        end = data.find(b"-----END", at)
        return a2b_base64(data[at + len(begin) : end if end > 0 else len(data)])
    # what else is kept in such files: a word that is in it, and what to do
    for word, text in (
        (b"PRIVATE KEY", "it is the private key, which no board may have: take the file that ends in .pub"),
        (b"BEGIN CERTIFICATE", "it is a certificate: openssl x509 -pubkey -noout tells its public key"),
        (b"BEGIN RSA PUBLIC KEY", "it is of PKCS#1: openssl rsa -RSAPublicKey_in -pubout tells what is wanted"),
        (b"ssh-", "it is an ssh key: thing fota-keygen makes the right kind"),
        (b"ecdsa-sha2-", "it is an ssh key: thing fota-keygen makes the right kind"),
        (b"-----BEGIN", "it is of another kind than BEGIN PUBLIC KEY"),
    ):
        if word in data:
            raise LookupError(text)
    if data[:1] != b"\x30":
        raise LookupError("neither PEM nor DER; it is the content that is wanted, not the name of a file")
    return data


def _public_key(data):
    signature = aws_iot.fota.signature
    element = signature.element
    at, end = element(data, 0, 0x30)
    algorithm, rest = element(data, at, 0x30)
    start, stop = element(data, algorithm, 0x06)
    kind = data[start:stop]
    bits, last = element(data, rest, 0x03)
    if last != end or end != len(data) or last == bits or data[bits]:
        raise ValueError("no sound DER")
    body = data[bits + 1 : last]
    if kind == b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01":  # rsaEncryption, 1.2.840.113549.1.1.1
        modulus, exponent = signature.integers(body)
        if not modulus >> 2047 or modulus >> 4096:
            raise LookupError("RSA keys of 2048 to 4096 bits are verified")
        if exponent < 3 or not exponent & modulus & 1:
            raise LookupError("no sound RSA key")
        return True, (modulus, exponent)
    if kind != b"\x2a\x86\x48\xce\x3d\x02\x01":  # id-ecPublicKey, 1.2.840.10045.2.1
        raise LookupError("neither ECDSA nor RSA: thing fota-keygen makes the right kind")
    start, stop = element(data, stop, 0x06)
    if data[start:stop] != b"\x2a\x86\x48\xce\x3d\x03\x01\x07":  # prime256v1, 1.2.840.10045.3.1.7
        raise LookupError("of the elliptic curves only P-256 is verified (prime256v1), and it is of another")
    if len(body) != 65 or body[0] != 4:
        raise ValueError("no sound point")
    x, y = int.from_bytes(body[1:33], "big"), int.from_bytes(body[33:], "big")
    prime = (1 << 256) - (1 << 224) + (1 << 192) + (1 << 96) - 1  # SEC 2, 2.4.2, as what follows
    b = int("5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604b", 16)
    if x >= prime or y >= prime or (y * y - x * x * x + 3 * x - b) % prime:
        raise LookupError("its point is not on the curve")
    return False, (x, y)
