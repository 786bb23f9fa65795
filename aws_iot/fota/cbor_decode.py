"""CBOR to Python's types (RFC 8949; pure).

Byte strings in a ``memoryview`` come out as slices of it, so a firmware block is decoded without a copy.
"""

import struct

const = int  # mpy-cross folds ``_X = const(n)`` by the name; CPython calls int

_DEPTH = const(8)  # AWS nests two deep; the bound keeps a hostile message off the C stack
_BREAK = const(0xFF)


def loads(data):
    """The one value that ``data`` (bytes or memoryview) holds; raises ValueError for anything else.

    Lengths may be indefinite, as AWS's own encoder writes them; tags are skipped.
    """
    reader = Reader(data)
    value = reader.value(0)
    if reader.at != len(data):
        raise ValueError("bytes after the CBOR value")
    return value


class Reader:
    def __init__(self, data):
        self.data = data
        self.at = 0

    def take(self, size):
        start = self.at
        if size > len(self.data) - start:
            raise ValueError("CBOR ends early")
        self.at = start + size
        return self.data[start : self.at]

    def number(self, info):
        """The number in a head, or -1 for an indefinite length."""
        if info < 24:
            return info
        if info < 28:
            return int.from_bytes(bytes(self.take(1 << info - 24)), "big")
        if info == 31:
            return -1
        raise ValueError("first byte of a CBOR value")

    def more(self, left):
        """True while an array or map with ``left`` items (negative: until the break) has another."""
        if left >= 0:
            return left > 0
        if self.take(1)[0] == _BREAK:
            return False
        self.at -= 1
        return True

    def value(self, depth):
        if depth > _DEPTH:
            raise ValueError("CBOR too deep")
        head = self.take(1)[0]
        major, info = head >> 5, head & 31
        if major == 7:
            return self.simple(info)
        number = self.number(info)
        if major in (2, 3):
            return self.string(major, number)
        if major == 4:
            return self.array(number, depth)
        if major == 5:
            return self.map(number, depth)
        if number < 0:
            raise ValueError("first byte of a CBOR value")
        if major == 6:
            return self.value(depth + 1)
        return -1 - number if major else number

    def string(self, major, size):
        if size < 0:
            parts = []
            while self.more(-1):
                head = self.take(1)[0]
                if head >> 5 != major or head & 31 == 31:
                    raise ValueError("chunk of a CBOR text")
                parts.append(bytes(self.take(self.number(head & 31))))
            data = b"".join(parts)
        else:
            data = self.take(size)
        return data if major == 2 else str(data, "utf-8")

    def array(self, left, depth):
        items = []
        while self.more(left):
            items.append(self.value(depth + 1))
            left -= 1
        return items

    def map(self, left, depth):
        items = {}
        while self.more(left):
            key = self.value(depth + 1)
            if not isinstance(key, (str, int)):
                raise ValueError("key of a CBOR map")
            items[key] = self.value(depth + 1)
            left -= 1
        return items

    def simple(self, info):
        if 20 <= info <= 23:
            return (False, True, None, None)[info - 20]
        if info == 25:
            return _half(int.from_bytes(bytes(self.take(2)), "big"))
        if info == 26:
            return struct.unpack(">f", self.take(4))[0]
        if info == 27:
            return struct.unpack(">d", self.take(8))[0]
        raise ValueError("CBOR simple value")


def _half(bits):
    """A 16-bit float (RFC 8949 appendix D): ``struct`` has no 'e' on MicroPython."""
    exponent, fraction = bits >> 10 & 31, bits & 1023
    if exponent == 31:
        value = float("nan") if fraction else float("inf")
    elif exponent:
        value = (1024 + fraction) * 2.0 ** (exponent - 25)
    else:
        value = fraction * 2.0**-24
    return -value if bits & 0x8000 else value
