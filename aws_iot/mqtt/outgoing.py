"""A publish that cannot just go out: waiting, and the second copy. Lent to MQTTClient.publish and keep."""

import aws_iot

from .. import BytesIO, dump

const = int  # mpy-cross folds ``_X = const(n)`` by the name; CPython calls int

_PID = const(0)
_PACKET = const(1)
_SENT = const(2)
_COPIES = const(3)
_EARLIER = const(-1)
_MOST_BYTES = const(131072 + 256 + 9)  # 128 KB behind the longest topic; what publish() takes is less


class Stream:
    """What publish() takes for a stream of a payload that is bytes already: they are copied into the packet only."""

    def __init__(self, data):
        self.data = data

    def tell(self):
        return len(self.data)

    def seek(self, at):
        pass

    def readinto(self, space):
        space[:] = self.data


def stream(scratch, msg):
    """A payload that is neither bytes nor str; None is an empty one. ValueError for what is none, or no JSON."""
    if isinstance(msg, (dict, list)):
        aws_iot.document.verify(msg)
        dump(msg, scratch)
        return scratch
    try:
        data = memoryview(b"" if msg is None else msg)
    except TypeError:
        raise ValueError("payload: bytes, str, dict or list expected")
    if getattr(data, "format", "B") == "B" and len(bytes(data[:1])) < 2:
        return Stream(data)
    made = BytesIO()  # of items that are no bytes
    made.write(data)
    return made


def ready(client, topic):
    """Wait until a QoS 0 publish to ``topic`` (bytes) can be written; LinkError, StateError when it cannot."""
    if client.denied:
        aws_iot.mqtt.loss.refuse(client, topic)
    if client.stuck is not None and not client.busy and not client.coro:
        client.until(lambda: client.stuck is None)
    if not client.connected or client.stuck is not None:
        from ..errors import LinkError

        why = client.cause or "no attempt has ended yet"
        raise LinkError("not connected (%s), and QoS 0 is not kept (QoS 1 would be)" % why)


def room(client, size):
    """Wait until ``size`` bytes may be kept; StateError when they may not."""
    if size > min(client.queue_bytes, _MOST_BYTES):
        raise ValueError("payload: over %s" % ("queue_bytes" if size > client.queue_bytes else "128 KB"))
    if client.busy or client.coro or not client.until(lambda: client.queued + size <= client.queue_bytes):
        from ..errors import StateError

        raise StateError("queue full: %d bytes wait for PUBACK" % client.queued)


def wait(client, entry):
    """Wait until a publish is no longer kept, if that can be; ResponseTimeout when no PUBACK came in time."""
    if client.coro or client.busy or not client.connected:
        return
    if not client.until(lambda: entry not in client.kept):
        from ..errors import ResponseTimeout

        raise ResponseTimeout("no PUBACK yet; the message is kept")


def find(client, pid):
    """What is in flight with this packet id, or None."""
    for entry in client.kept:
        if entry[_PID] == pid:
            return entry
    return client.asked if client.asked and client.asked[_PID] == pid else None


def again(client, entry):
    """A publish that was sent on an earlier connection (section 4.4): a new message if the session was lost."""
    resent(client, entry)
    if not client.session:
        entry[_PACKET][0] &= 0xF7  # no DUP


def resent(client, entry):
    """A publish goes out once more."""
    client.stats["resent"] += 1
    entry[_PACKET][0] |= 8  # DUP, section 3.3.1.1
    topic = aws_iot.mqtt.control.topic_of(entry[_PACKET])
    for sender in client.senders:
        if sender.topic == topic:
            sender.resent(entry)


def withdraw(client, topic):
    """Take the publishes to ``topic`` (bytes) out of what is kept, so that none goes out again; -> their entries."""
    entries = [entry for entry in client.kept if aws_iot.mqtt.control.topic_of(entry[_PACKET]) == topic]
    for entry in entries:
        client.kept.remove(entry)
        client.queued -= len(entry[_PACKET])
    return entries


def restore(client, entries):
    """Keep these again, as what is older than the others, and may have been sent before."""
    for entry in entries:
        entry[_SENT] = None
        entry[_COPIES] = _EARLIER
        client.queued += len(entry[_PACKET])
    client.kept[:0] = entries
    client.pump()
