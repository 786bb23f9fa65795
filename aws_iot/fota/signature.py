"""ECDSA P-256 and RSA PKCS#1 v1.5 signatures over SHA-256, checked in plain Python (FIPS 186-4; RFC 8017, 8.2.2), and
the little of DER (X.690) that keys and signatures are made of.

Verification handles no secret, so it need not run in constant time. It takes a board some seconds: these are generators
that yield True meanwhile.
"""

const = int  # mpy-cross folds ``_X = const(n)`` by the name; CPython calls int

_TURN = const(7)  # a step is eight bits of the 256


def verify(key, digest, signature):
    """True when ``signature`` over the SHA-256 ``digest`` (32 bytes) was made by the owner of the public ``key``.

    ``key``: one that public_key.read() made. ECDSA signatures are DER or 64 bytes r||s; a malformed one is just False.
    """
    if len(digest) != 32:
        raise ValueError("not a SHA-256 digest")
    rsa, numbers = key
    signature = bytes(signature)
    if rsa:
        return (yield from _verify_rsa(numbers, digest, signature))
    try:
        r, s = integers(signature) if len(signature) != 64 else [
            int.from_bytes(signature[at : at + 32], "big") for at in (0, 32)
        ]
    except ValueError:
        return False
    return (yield from _verify_p256(numbers, digest, r, s))


def _verify_rsa(key, digest, signature):
    modulus, exponent = key
    size = 256
    while modulus >> 8 * size:
        size += 1
    number = int.from_bytes(signature, "big")
    if len(signature) != size or number >= modulus:
        return False
    # DigestInfo of SHA-256 (RFC 8017 section 9.2, note 1)
    info = b"\x30\x31\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x05\x00\x04\x20"
    tail = b"\x00" + info + bytes(digest)
    wanted = b"\x00\x01" + b"\xff" * (size - 2 - len(tail)) + tail
    result = 1
    bit = 1
    while bit <= exponent:
        bit <<= 1
    while bit:  # by squaring; pow() would take a second at once
        result = result * result % modulus
        if exponent & bit:
            result = result * number % modulus
        bit >>= 1
        yield True
    return result.to_bytes(size, "big") == wanted


def _verify_p256(key, digest, r, s):
    x, y = key
    # field prime, order and base point (SEC 2, 2.4.2); in here, since in the module they would stay in the heap
    prime = (1 << 256) - (1 << 224) + (1 << 192) + (1 << 96) - 1
    order = int("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551", 16)
    if not (0 < r < order and 0 < s < order):
        return False
    base = (
        int("6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296", 16),
        int("4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5", 16),
    )
    weight = pow(s, order - 2, order)
    u1, u2 = int.from_bytes(digest, "big") * weight % order, r * weight % order
    # both products in one pass of doublings; each addend affine, which saves a third of an addition
    table = (None, base, (x, y), _affine(add((x, y, 1), base, prime), prime))
    point = None
    for bit in range(255, -1, -1):
        point = _double(point, prime)
        point = add(point, table[(u1 >> bit & 1) | (u2 >> bit & 1) << 1], prime)
        if not bit & _TURN:
            yield True
    return point is not None and _affine(point, prime)[0] % order == r


def _affine(point, prime):
    if not point:
        return None
    inverse = pow(point[2], prime - 2, prime)
    square = inverse * inverse % prime
    return point[0] * square % prime, point[1] * square * inverse % prime


def _double(point, prime):
    """Twice a Jacobian point of a curve with a = -3; None is the point at infinity."""
    if not point:
        return None
    x, y, z = point
    yy = y * y % prime
    zz = z * z % prime
    s = 4 * x * yy % prime
    m = 3 * (x - zz) * (x + zz) % prime
    x = (m * m - 2 * s) % prime
    return x, (m * (s - x) - 8 * yy * yy) % prime, 2 * y * z % prime


def add(point, addend, prime):
    """A Jacobian point plus an affine one; the formulas fail for equal points, which are doubled."""
    if not addend:
        return point
    if not point:
        return addend[0], addend[1], 1
    x, y, z = point
    zz = z * z % prime
    h, r = (addend[0] * zz - x) % prime, (addend[1] * z * zz - y) % prime
    if not h:
        return None if r else _double(point, prime)
    hh = h * h % prime
    hhh = hh * h % prime
    v = x * hh % prime
    x = (r * r - hhh - 2 * v) % prime
    return x, (r * (v - x) - y * hhh) % prime, h * z % prime


def element(data, at, tag):
    """One DER element with this ``tag`` at ``at``; -> where its contents start and end."""
    if at + 2 > len(data) or data[at] != tag:
        raise ValueError("no sound DER")
    size, at = data[at + 1], at + 2
    if size & 0x80:
        count = size & 0x7F
        size = int.from_bytes(data[at : at + count], "big")
        if count not in (1, 2) or size < 128 or size >> 8 * (count - 1) == 0:
            raise ValueError("no sound DER")
        at += count
    if at + size > len(data):
        raise ValueError("no sound DER")
    return at, at + size


def integers(data):
    """The two positive integers of a DER sequence that fills ``data``: (r, s) or (modulus, exponent)."""
    at, end = element(data, 0, 0x30)
    if end != len(data):
        raise ValueError("no sound DER")
    numbers = []
    for _ in range(2):
        at, stop = element(data, at, 0x02)
        if stop == at or data[at] & 0x80 or (data[at] == 0 and stop - at > 1 and not data[at + 1] & 0x80):
            raise ValueError("no sound DER")
        numbers.append(int.from_bytes(data[at:stop], "big"))
        at = stop
    if at != end:
        raise ValueError("no sound DER")
    return numbers
