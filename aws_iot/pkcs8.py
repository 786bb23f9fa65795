"""A private key without PKCS#8 around it, for ports that take none. Lent when a key was refused.

MicroPython 1.23 hands a key in DER form with a NUL behind it to mbedTLS, whose parser of PKCS#8 takes no byte too many;
those of PKCS#1 and SEC1 do (https://github.com/micropython/micropython/commit/4d6d8498, in 1.24).
"""

const = int  # mpy-cross folds ``_X = const(n)`` by the name; CPython calls int

_RSA = b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01"  # 1.2.840.113549.1.1.1, RFC 8017
_EC = b"\x06\x07\x2a\x86\x48\xce\x3d\x02\x01"  # 1.2.840.10045.2.1, RFC 5480
_SEQUENCE = const(0x30)
_PARAMETERS = const(0xA0)


def unwrap(data):
    """An RSA or EC key in PKCS#8 (RFC 5958, DER) as PKCS#1 or SEC1 (RFC 5915); anything else as it is."""
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
