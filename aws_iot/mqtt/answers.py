"""Handlers that stay, while the files that ask for them need not: of AWS's answers, and of raw messages."""

from .. import loads


def handler(client):
    """A handler for the topics that the answers come on."""
    return lambda topic, payload: settle(client, topic, loads(payload))


def settle(client, topic, document):
    """Hand an answer to the request that it belongs to; False when it is nobody's here."""
    slot = client.requests.pop(document.get("clientToken"), None) if client.requests else None
    if slot is None:
        return False
    slot += document, topic.endswith("/accepted")
    return True


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
