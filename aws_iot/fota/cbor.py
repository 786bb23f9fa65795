"""CBOR, as far as AWS IoT speaks it: maps, arrays, text, bytes, numbers, true, false and null (RFC 8949; pure).

Here is what encodes; what decodes is in cbor_decode.py, which a board can have without this.
"""

import struct


def dumps(value):
    """``value`` as CBOR bytes, every length the shortest; raises TypeError for a type that CBOR has not."""
    out = bytearray()
    encode(out, value)
    return bytes(out)


def head(out, major, number):
    if number < 24:
        out.append(major | number)
        return
    for step in range(4):
        size = 1 << step
        if number < 1 << 8 * size:
            out.append(major | 24 + step)
            out.extend(number.to_bytes(size, "big"))
            return
    raise ValueError("number over 64 bits")


def encode(out, value):
    if value is None or value is True or value is False:
        out.append({False: 0xF4, True: 0xF5, None: 0xF6}[value])
    elif isinstance(value, int):
        head(out, 0 if value >= 0 else 0x20, value if value >= 0 else -1 - value)
    elif isinstance(value, float):
        out.append(0xFB)
        out.extend(struct.pack(">d", value))
    elif isinstance(value, (bytes, bytearray, memoryview)):
        head(out, 0x40, len(value))
        out.extend(value)
    elif isinstance(value, str):
        data = value.encode()
        head(out, 0x60, len(data))
        out.extend(data)
    elif isinstance(value, (list, tuple)):
        head(out, 0x80, len(value))
        for item in value:
            encode(out, item)
    elif isinstance(value, dict):
        head(out, 0xA0, len(value))
        for key in value:
            encode(out, key)
            encode(out, value[key])
    else:
        raise TypeError("no CBOR for " + type(value).__name__)


def loads(data):
    """The one value that ``data`` (bytes or memoryview) holds; raises ValueError for anything else."""
    from .cbor_decode import loads

    return loads(data)
