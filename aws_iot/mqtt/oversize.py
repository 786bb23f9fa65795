"""A packet that is larger than the reader's buffer."""

from ..errors import ProtocolError

const = int  # mpy-cross folds ``_X = const(n)`` by the name; CPython calls int

# The largest packet that AWS IoT sends: 128 KB of payload, 256 bytes of topic, lengths and packet id.
# https://docs.aws.amazon.com/general/latest/gr/iot-core.html#message-broker-limits
_LARGEST = const(131072 + 256 + 32)


def room(reader, start, at, end):
    """Give ``reader`` a larger buffer, or, when the packet is over its limit or the heap, skip what is still to come.

    True when it is skipped: its header, with topic and packet id, is in the buffer then, and its size in ``value``.
    """
    reader.start, reader.skip = start, 0
    buf, have = reader.buf, reader.end - start
    kind, total = buf[start], end - start
    if total > _LARGEST or kind & 0xF0 != 0x30:
        raise ProtocolError("packet 0x%02x of %d bytes" % (kind, total))
    if total <= reader.limit:
        try:
            grown = memoryview(bytearray(total))
            grown[:have] = buf[start : reader.end]
            reader.buf, reader.start, reader.end = grown, 0, have
            return False
        except MemoryError:
            pass
    if have < at - start + 2 or have < at - start + 4 + (buf[at] << 8 | buf[at + 1]):
        if have == len(buf):
            raise ProtocolError("topic of a large packet")
        return False
    reader.skip = total - have
    reader.value = total
    return True
