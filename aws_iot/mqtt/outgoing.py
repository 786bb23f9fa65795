"""A publish that cannot just go out: waiting, and the second copy. Lent by MQTTClient.publish."""

import aws_iot


def write(scratch, msg):
    """A payload that is neither bytes, str, dict nor list; None is an empty one. ValueError for what is none."""
    if msg is not None:
        try:
            scratch.write(memoryview(msg))
        except TypeError:
            raise ValueError("payload: bytes, str, dict or list expected")


def ready(client, topic):
    """Wait until a QoS 0 publish to ``topic`` (bytes) can be written; LinkError, StateError when it cannot."""
    if client.denied:
        aws_iot.mqtt.loss.refuse(client, topic)
    if client.stuck is not None and not client.busy and client.guard is not False:
        client.until(lambda: client.stuck is None)
    if not client.connected or client.stuck is not None:
        from ..errors import LinkError

        raise LinkError("not connected, and QoS 0 is not kept (QoS 1 would be)")


def room(client, size):
    """Wait until ``size`` bytes may be kept; StateError when they may not."""
    if size > client.queue_bytes:
        raise ValueError("payload: over queue_bytes")
    if client.busy or client.guard is False or not client.until(lambda: client.queued + size <= client.queue_bytes):
        from ..errors import StateError

        raise StateError("queue full: %d bytes wait for PUBACK" % client.queued)


def unconfirmed():
    """No PUBACK came in time."""
    from ..errors import ResponseTimeout

    raise ResponseTimeout("no PUBACK yet; the message is kept")


def again(client, entry):
    """A publish that was sent on an earlier connection (section 4.4): a new message if the session was lost."""
    resent(client, entry)
    if not client.session:
        entry[1][0] &= 0xF7  # no DUP


def resent(client, entry):
    """A publish goes out once more. If it is a report, and a newer one went out already, all is reported again."""
    client.stats["resent"] += 1
    entry[1][0] |= 8  # DUP, section 3.3.1.1
    topic = aws_iot.mqtt.control.topic_of(entry[1])
    for shadow in client.shadows:
        if shadow.topic == topic:
            later = [kept[0] for kept in client.kept if kept is entry or kept[2] is None]
            if shadow.last not in later:
                aws_iot.shadow_merge.repeat(shadow)
