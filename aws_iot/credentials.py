"""What a file of a certificate or a key is: for a port that takes only what is inside of it, and for the words of a
refusal. Lent when one was refused.
"""

const = int  # mpy-cross folds ``_X = const(n)`` by the name; CPython calls int

_RSA = b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01"  # 1.2.840.113549.1.1.1, RFC 8017
_EC = b"\x06\x07\x2a\x86\x48\xce\x3d\x02\x01"  # 1.2.840.10045.2.1, RFC 5480
_SEQUENCE = const(0x30)
_PARAMETERS = const(0xA0)

_CERTIFICATE, _KEY = "a certificate", "a private key"
_DAMAGED = "damaged or of an unknown kind"
_CSR = "a request for a certificate (CSR), not what AWS made of it"
_PASSWORD = "a private key with a password: take it off with openssl pkey -in FILE -out FILE"
# labels of PEM (RFC 7468, and OpenSSL's own), the first that is there counts
_LABELS = (
    (b"ENCRYPTED", _PASSWORD),
    (b"CERTIFICATE REQUEST", _CSR),
    (b"OPENSSH PRIVATE KEY", "a key of ssh"),
    (b"PRIVATE KEY", _KEY),
    (b"PUBLIC KEY", "a public key"),
    (b"CERTIFICATE", _CERTIFICATE),
)
# how DER goes on: inside of one sequence or of two; RFC 5208 and 5958, 5915, 8017, 7292; 5280, 2986, 8018, 5480
_DER = (
    (False, b"\2\1\0\x30", _KEY),
    (False, b"\2\1\1\4", _KEY),
    (False, b"\2\1\0\2", _KEY),
    (False, b"\2\1\3\x30", "a PKCS#12 file: take certificate and key out with openssl pkcs12"),
    (True, b"\xa0\3\2\1", _CERTIFICATE),
    (True, b"\2\1\0\x30", _CSR),
    (True, b"\6\x09\x2a\x86\x48\x86\xf7\x0d\1\5", _PASSWORD),
    (True, b"\6", "a public key"),
)


def unwrap(data):
    """An RSA or EC key in PKCS#8 (RFC 5958, DER) as PKCS#1 or SEC1 (RFC 5915); anything else as it is.

    MicroPython 1.23 hands a key in DER form with a NUL behind it to mbedTLS, whose parser of PKCS#8 takes no byte too
    many; those of PKCS#1 and SEC1 do (https://github.com/micropython/micropython/commit/4d6d8498, in 1.24).
    """
    start, _ = _inside(data, 0)
    if data[start : start + 4] != b"\2\1\0\x30":  # version, and the algorithm begins
        return data
    start, end = _inside(data, start + 3)
    algorithm = data[start:end]
    start, end = _inside(data, end)
    key = data[start:end]
    if algorithm.startswith(_RSA):
        return key
    if algorithm.startswith(_EC):
        return _named(key, algorithm[len(_EC) :])
    return data


def _named(key, curve):
    """The SEC1 ``key`` with its curve, which stands in PKCS#8's algorithm and so mostly not in the key."""
    start, end = _inside(key, 0)
    _, at = _inside(key, start + 3)  # behind version and number
    if key[at : at + 1] == bytes((_PARAMETERS,)):
        return key
    return _tagged(_SEQUENCE, key[start:at] + _tagged(_PARAMETERS, curve) + key[at:end])


def _tagged(tag, content):
    size = len(content)
    return bytes((tag, size) if size < 128 else (tag, 0x81, size)) + content


def _inside(data, at):
    """Where the content of what begins at ``at`` begins and ends."""
    size, start = data[at + 1], at + 2
    if size > 127:
        count = size & 127
        size, start = int.from_bytes(data[start : start + count], "big"), start + count
    return start, start + size


def kind(data):
    """What ``data`` (bytes or str) is, in words; None where it does not say."""
    if isinstance(data, str):
        data = data.encode()
    if b"-----BEGIN" in data:
        # a key file may begin with its curve's parameters
        for label, words in _LABELS:
            if label in data:
                return words
        return None
    inner = data[_inside(data, 0)[0] :] if len(data) > 16 else b""
    second = inner[_inside(inner, 0)[0] :] if inner[:1] == b"\x30" else b""
    for deep, start, words in _DER:
        if (second if deep else inner).startswith(start):
            return words
    return None


def tell(error, certificate, key=None):
    """Why ``certificate`` and ``key``, or without a key the certificate of an authority, were refused, in words;
    ``error`` is what TLS said.
    """
    if key is None:
        found = kind(certificate)
        return "cacert: %s (%s)" % ("it is " + found if found not in (_CERTIFICATE, None) else _DAMAGED, error)
    found = kind(certificate), kind(key)
    if found == (_KEY, _CERTIFICATE):
        return "certificate and private key are swapped"
    for what, is_, wanted in (("certificate", found[0], _CERTIFICATE), ("private key", found[1], _KEY)):
        if is_ not in (wanted, None):
            return "%s: it is %s" % (what, is_)
    return "certificate or private key: %s, or not of one pair (%s)" % (_DAMAGED, error)
