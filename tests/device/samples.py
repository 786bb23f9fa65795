"""Firmware for the tests, bundles of files and images in ESP-IDF's format, made on whatever interpreter runs them."""

import hashlib
import os
import sys
from binascii import b2a_base64, hexlify, unhexlify

STANDINS = __file__.replace("\\", "/").rsplit("/", 2)[0] + "/harness/standins"  # the stand-in for the esp32 module


def bundle(version, files, board=None):
    """A bundle of ``files`` (name -> bytes), as aws_iot/fota/slots.py describes it."""
    lines = ["aws_iot bundle 1", "version " + version]
    if board:
        lines.append("board " + board)
    lines += ["file %d %s" % (len(files[name]), name) for name in sorted(files)]
    data = ("\n".join(lines) + "\n\n").encode() + b"".join([files[name] for name in sorted(files)])
    return data + hashlib.sha256(data).digest()


def image(size, seed=1):
    """An ESP32 application image of ``size`` bytes, a multiple of 16: one segment, checksum, padding, SHA-256."""
    data = bytearray(size)
    data[:8] = bytes((0xE9, 1, 2, 0x20, 0, 0, 0, 0))
    data[23] = 1  # a SHA-256 follows
    body = size - 32 - 32 - 16
    data[24:32] = (0x3F400020).to_bytes(4, "little") + body.to_bytes(4, "little")
    checksum = 0xEF
    for at in range(32, 32 + body):
        seed = (seed * 1103515245 + 12345) & 0x7FFFFFFF
        data[at] = seed >> 16 & 255
        checksum ^= data[at]
    data[size - 33] = checksum
    data[size - 32 :] = hashlib.sha256(memoryview(data)[: size - 32]).digest()
    return data


def noise(size, seed=1):
    """``size`` bytes that look random, and are the same each time."""
    out = bytearray(size)
    for at in range(size):
        seed = (seed * 1103515245 + 12345) & 0x7FFFFFFF
        out[at] = seed >> 16 & 255
    return bytes(out)


def folder(name):
    """An empty folder for a test."""
    root = hasattr(os, "getenv") and os.getenv("TMPDIR") or "/tmp"  # a board has no environment
    path = "%s/aws_iot-%s-%s" % (root, name, str(hexlify(os.urandom(6)), "ascii"))
    os.mkdir(path)
    return path


def write(slot, data, start=0, step=1000):
    """Write ``data`` from ``start`` on in pieces of ``step`` bytes."""
    view = memoryview(data)
    for at in range(start, len(data), step):
        slot.write(view[at : min(at + step, len(data))])


def holds(slot, data):
    """True if the slot reads back exactly ``data``."""
    at, view = 0, memoryview(data)
    for part in slot.parts(bytearray(1024)):
        if part != view[at : at + len(part)]:
            return False
        at += len(part)
    return at == len(data)


def esp32(name, sectors=64):
    """The stand-in for the esp32 module, with new flash."""
    if STANDINS not in sys.path:
        sys.path.insert(0, STANDINS)
    import esp32

    esp32.insert(folder(name), sectors)
    return esp32


# ECDSA P-256 without a multiplication on the curve: the private keys are 1 and -1, the nonce is 1
_ORDER = int("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551", 16)
_X = "6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"
_Y = "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5"
_HEAD = "3059301306072a8648ce3d020106082a8648ce3d03010703420004"


def public_key(secret=1):
    """The public key, as DER, of the private key 1 or -1."""
    prime = (1 << 256) - (1 << 224) + (1 << 192) + (1 << 96) - 1
    y = int(_Y, 16) if secret == 1 else prime - int(_Y, 16)
    return unhexlify(_HEAD + _X) + y.to_bytes(32, "big")


def sign(data, secret=1):
    """The signature over ``data`` (bytes) by the private key 1 or -1, as base64."""
    r = int(_X, 16) % _ORDER
    s = (int.from_bytes(hashlib.sha256(data).digest(), "big") + r * secret) % _ORDER
    return str(b2a_base64(r.to_bytes(32, "big") + s.to_bytes(32, "big")), "ascii").strip()


def raises(kind, function, *args):
    """The error of type ``kind`` that the call raises."""
    try:
        function(*args)
    except kind as error:
        return error
    raise AssertionError("no %s" % kind.__name__)


def refusal(function, *args):
    """The text of the ValueError, which names what is wrong."""
    return str(raises(ValueError, function, *args))


class NoMemoryFor:
    """While entered, there is no memory for the lent file ``name`` of ``package``, the next ``times`` times.

    ``error``: another that is raised.
    """

    def __init__(self, package, name, times=1, error=MemoryError):
        self.package, self.name, self.left, self.error = package, name, times, error
        self.real = package.__dict__.get(name)  # CPython keeps what it lends

    def __enter__(self):
        setattr(self.package, self.name, self)
        return self

    def __exit__(self, *_):
        if self.left:
            self._give_back()

    def __getattr__(self, function):
        self.left -= 1
        if not self.left:
            self._give_back()
        raise self.error

    def _give_back(self):
        if self.real:
            setattr(self.package, self.name, self.real)
        else:
            delattr(self.package, self.name)
