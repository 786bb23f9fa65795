"""What does not fit: a packet that is larger than the reader's buffer, a message or an answer that finds no room; and
what no server may send, raised as ProtocolError.
"""

from ..errors import ProtocolError, StateError

const = int  # mpy-cross folds ``_X = const(n)`` by the name; CPython calls int

# The largest packet that AWS IoT sends: 128 KB of payload, 256 bytes of topic, lengths and packet id.
# https://docs.aws.amazon.com/general/latest/gr/iot-core.html#message-broker-limits
_LARGEST = const(131072 + 256 + 32)
_IDS = const(32767)  # publishes without PUBACK: with more of them a packet id that is free is too far to look for


def room(reader, start, at):
    """Give ``reader`` a larger buffer, or, when the packet is over its limit or the heap, skip what is still to come.

    True when it is skipped: its header, with topic and packet id, is in the buffer then, and its size in ``value``.
    """
    total = reader.end + reader.skip - start
    reader.start, reader.skip = start, 0
    buf, have = reader.buf, reader.end - start
    kind = buf[start]
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


def lost(client, topic, size):
    """A message of so many bytes on ``topic`` found no room, and was skipped."""
    error = StateError("no room for the message on %s: %d bytes" % (topic, size))
    error.size = size  # type: ignore[attr-defined]
    _end(client, topic, error)


def broken(client, topic, size, error):
    """An answer of so many bytes on ``topic`` raised ``error`` when it was read."""
    if isinstance(error, MemoryError):
        lost(client, topic, size)
    else:  # most likely nested deeper than this runtime can read
        words = "answer on %s cannot be read: %s: %s" % (topic, type(error).__name__, error)
        _end(client, topic, ProtocolError(words))


def _end(client, topic, error):
    """The request that this would have answered ends with ``error``, else it is told."""
    if client.requests:
        for slot in client.requests.values():
            if len(slot) == 1 and topic in (slot[0] + "/accepted", slot[0] + "/rejected"):
                slot += error, None
                return
    client.report(error)


def size():
    """Section 2.2.3: at most four bytes of remaining length."""
    raise ProtocolError("remaining length")


def packet_id():
    """Section 2.3.1: a packet id is not 0."""
    raise ProtocolError("packet id 0")


def publish(kind):
    """Section 3.3: a QoS that was not granted, DUP at QoS 0, or no topic."""
    raise ProtocolError("PUBLISH 0x%02x" % kind)


def topic(name):
    """Sections 1.5.3 and 3.3.2.1: UTF-8 without NUL, no wildcards."""
    raise ProtocolError("topic %r" % name)


class Kept(list):
    """What is kept until PUBACK, where there is room for more than there are packet ids: StateError before that."""

    def append(self, entry):
        if len(self) > _IDS:
            raise StateError("queue full: %d messages wait for PUBACK" % len(self))
        super().append(entry)
