"""Handlers that stay, while the files that ask for them need not: of AWS's answers, and of raw messages."""

import aws_iot

from .. import loads


def handler(client):
    """A handler for the topics that the answers come on."""

    def take(topic, payload):
        try:
            document = loads(payload)
        except Exception as error:
            aws_iot.mqtt.unusual.broken(client, topic, len(payload), error)
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
