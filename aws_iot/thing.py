"""A Thing of AWS IoT: one MQTT client, its shadows, and the seed's calls."""

import aws_iot

from .mqtt import MQTTClient
from .shadow import Shadow


class Thing:
    """Thing(endpoint, mqtt_id, clicert, pkey, thingname=None, cacert=None, *, port=8883, keepalive=60, window=10,
    shadow_topics=None, **options): an AWS IoT Thing that connects to ``endpoint`` as ``mqtt_id`` by mutual TLS.

    ``clicert`` and ``pkey``: contents of the certificate and its private key, PEM or DER, bytes or str; ``cacert``
    likewise, None for the Amazon roots. ``thingname`` is ``mqtt_id`` unless given. ``shadow_topics`` are the response
    topics that a delta handler subscribes to; ("update/delta",) alone is the cheapest. ``options`` are MQTTClient's.
    ValueError for bad arguments.

    What is not here is the client's (mqtt.py, calls.py): connect, disconnect, poll, run, loop_forever, unsubscribe,
    named_shadow, request, on_event, on_error, stats, thingname.
    https://docs.aws.amazon.com/iot/latest/developerguide/iot-thing-management.html
    """

    def __init__(self, *args, **options):
        made = aws_iot.construct.thing(MQTTClient, *args, **options)
        self.mqtt = made[0]
        self.shadow = Shadow(*made)

    @classmethod
    def from_config(cls, path: str = "thing.conf.json", **options):
        """The thing that ``path`` and the certificate and key beside it describe. ValueError names what is missing."""
        return cls(**aws_iot.config.arguments(path, options))

    def update_shadow(self, state: dict) -> None:
        """Report ``state`` (a dict of the thing's own keys). Offline, reports merge into one that is sent on return."""
        self.shadow.report(state)

    def on_shadow_request(self, shadow_cbk) -> None:
        """``shadow_cbk(requested)`` gets the dict of desired keys that differ; a dict that it returns is reported."""
        self.shadow.on_delta(shadow_cbk)

    def publish(self, topic: str, payload=b"", qos: int = 0, retain: bool = False) -> int | None:
        """As MQTTClient.publish."""
        return self.mqtt.publish(topic, payload, retain, qos)

    def subscribe(self, topic: str, handler, qos: int = 1) -> None:
        """As MQTTClient.subscribe: ``handler(topic, payload)`` for messages that match the filter ``topic``."""
        self.mqtt.subscribe(topic, qos, handler)

    def __getattr__(self, name):
        return getattr(self.mqtt, name)
