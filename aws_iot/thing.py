"""A Thing of AWS IoT: one MQTT client, its shadows, and the seed's calls."""

from . import borrow
from .mqtt import MQTTClient
from .shadow import Shadow


class Thing:
    """An AWS IoT Thing that connects to ``endpoint`` as ``mqtt_id`` by mutual TLS.

    ``clicert`` and ``pkey``: contents of the certificate and its private key, PEM or DER, bytes or str; ``cacert`` likewise,
    None for the Amazon roots. ``thingname`` is ``mqtt_id`` unless given. ``shadow_topics`` are the response topics that a delta
    handler subscribes to; ("update/delta",) alone is the cheapest. ``options`` are MQTTClient's. ValueError for bad arguments.

    What is not here is the client's: connect, disconnect, poll, run, loop_forever, unsubscribe, on_event, on_error, stats.
    https://docs.aws.amazon.com/iot/latest/developerguide/iot-thing-management.html
    """

    def __init__(
        self, endpoint, mqtt_id, clicert, pkey, thingname=None, cacert=None,
        *, port=8883, keepalive=60, window=10, shadow_topics=None, **options,
    ):  # fmt: skip
        self.thingname = thingname = thingname or mqtt_id
        borrow("config").check(endpoint, thingname, clicert, pkey)
        self.mqtt = MQTTClient(
            mqtt_id, endpoint, port, None, None, keepalive, (clicert, pkey, cacert), window=window, **options
        )
        self.shadow = Shadow(self.mqtt, thingname, None, shadow_topics)

    @classmethod
    def from_config(cls, path="thing.conf.json", **options):
        """The thing that ``path`` and the certificate and key beside it describe. ValueError names what is missing."""
        return cls(**borrow("config").arguments(path, options))

    def named_shadow(self, name, topics=None):
        """The shadow called ``name`` of this thing."""
        for shadow in self.mqtt.shadows:
            if shadow.name == name:
                return shadow
        return Shadow(self.mqtt, self.thingname, name, topics)

    def update_shadow(self, state):
        """Report ``state`` (a dict of the thing's own keys). Offline, reports merge into one that is sent on return."""
        self.shadow.report(state)

    def on_shadow_request(self, shadow_cbk):
        """``shadow_cbk(requested)`` gets the dict of desired keys that differ; a dict that it returns is reported."""
        self.shadow.on_delta(shadow_cbk)

    def publish(self, topic, payload=b"", qos=0, retain=False):
        """As MQTTClient.publish."""
        return self.mqtt.publish(topic, payload, retain, qos)

    def subscribe(self, topic, handler, qos=1):
        """As MQTTClient.subscribe: ``handler(topic, payload)`` for messages that match the filter ``topic``."""
        self.mqtt.subscribe(topic, qos, handler)

    def __getattr__(self, name):
        if name == "mqtt":  # not yet set: a bad argument
            raise AttributeError(name)
        return getattr(self.mqtt, name)
