"""Handlers that stay, while the files that ask for them need not: of AWS's answers, and of raw messages."""

import aws_iot

from .. import loads


def handler(client):
    """A handler for the topics that the answers come on."""
    return lambda topic, payload: aws_iot.mqtt.request.settle(client, topic, loads(payload))


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
