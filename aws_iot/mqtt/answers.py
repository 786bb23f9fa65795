"""Handlers that stay, while the files that ask for them need not: of AWS's answers, and of raw messages."""

from .. import loads


def handler(client):
    """A handler for the topics that the answers come on."""

    def take(topic, payload):
        try:
            document = loads(payload)
        except MemoryError:
            lost(client, topic, len(payload))
        except Exception as error:  # most likely nested deeper than this runtime can read
            from ..errors import ProtocolError

            why = "answer on %s cannot be read: %s: %s" % (topic, type(error).__name__, error)
            broken(client, topic, ProtocolError(why))
        else:
            settle(client, topic, document)

    return take


def settle(client, topic, document):
    """Hand an answer to the request that it belongs to; False when it is nobody's here."""
    slot = client.requests.pop(document.get("clientToken"), None) if client.requests else None
    if slot is None:
        return False
    slot += document, topic.endswith("/accepted")
    return True


def lost(client, topic, size):
    """A message of so many bytes came on ``topic``, and was skipped."""
    from ..errors import StateError

    error = StateError("no room for the message on %s: %d bytes" % (topic, size))
    error.size = size  # type: ignore[attr-defined]
    broken(client, topic, error)


def broken(client, topic, error):
    """What came on ``topic`` could not be read: the request that it answers ends with ``error``, else it is told."""
    if client.requests:
        for slot in client.requests.values():
            if len(slot) == 1 and topic in (slot[0] + "/accepted", slot[0] + "/rejected"):
                slot += error, None
                return
    client.report(error)


def alone(client, raw):
    """``raw`` as a callback among the others: what it calls does not wait, since its payload lies in the buffer."""

    def call(topic, payload):
        busy, client.busy = client.busy, True
        try:
            raw(topic, payload)
        finally:
            client.busy = busy
            if client.later and not busy:
                function, args = client.later.pop(0)
                client.call(function, *args)

    return call
