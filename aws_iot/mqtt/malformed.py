"""What a server may not send, in words: packet.Reader raises these as ProtocolError."""

from ..errors import ProtocolError


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
