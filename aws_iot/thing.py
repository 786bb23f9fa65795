"""A Thing of AWS IoT: one MQTT client, its shadows, and the seed's calls."""

from . import borrow
from .mqtt import MQTTClient
from .shadow import Shadow


class Thing:
    """An AWS IoT Thing that connects to ``endpoint`` as ``mqtt_id`` by mutual TLS.

    ``clicert`` and ``pkey``: contents of the certificate and its private key, PEM or DER, bytes or str; ``cacert`` likewise,
    None for the Amazon roots. ``thingname`` is ``mqtt_id`` unless given. ``shadow_topics`` are the response topics that a delta
    handler subscribes to; ("update/delta",) alone is the cheapest. Other options are MQTTClient's. ValueError for bad arguments.
    https://docs.aws.amazon.com/iot/latest/developerguide/iot-thing-management.html
    """

    def __init__(
        self, endpoint, mqtt_id, clicert, pkey, thingname=None, cacert=None,
        *, port=8883, keepalive=60, window=10, shadow_topics=None, **options,
    ):  # fmt: skip
        self.thingname = mqtt_id if thingname is None else thingname
        borrow("config").check(endpoint, self.thingname, clicert, pkey)

        self.mqtt = MQTTClient(
            mqtt_id, endpoint, port, None, None, keepalive, (clicert, pkey, cacert), window=window, **options
        )
        self.shadow = Shadow(self.mqtt, self.thingname, None, shadow_topics)

    @classmethod
    def from_config(cls, path="thing.conf.json", **options):
        """The thing that ``path`` and the certificate and key beside it describe. ValueError names what is missing."""
        return cls(**borrow("config").arguments(path, options))

    def named_shadow(self, name, topics=None):
        """The shadow called ``name`` of this thing."""
        return Shadow(self.mqtt, self.thingname, name, topics)

    def update_shadow(self, state):
        """Report ``state`` (a dict of the thing's own keys). Offline, reports merge into one that is sent on return."""
        self.shadow.report(state)

    def on_shadow_request(self, shadow_cbk):
        """``shadow_cbk(requested)`` gets the dict of desired keys that differ; a dict that it returns is reported."""
        self.shadow.on_delta(shadow_cbk)

    def request(self, topic, document=None, timeout_ms=None):
        """Publish ``document`` with a clientToken to ``topic``; return what comes on topic/accepted.

        Raises Rejected for topic/rejected, ResponseTimeout after ``timeout_ms``.
        """
        return borrow("request").request(self.mqtt, topic, document, timeout_ms)

    def publish(self, topic, payload=b"", qos=0, retain=False):
        """As MQTTClient.publish."""
        return self.mqtt.publish(topic, payload, retain, qos)

    def subscribe(self, topic, handler, qos=1):
        """As MQTTClient.subscribe: ``handler(topic, payload)`` for messages that match the filter ``topic``."""
        self.mqtt.subscribe(topic, qos, handler)

    def __getattr__(self, name):
        """All else is the client's: poll, run, loop_forever, connect, disconnect, unsubscribe, on_event, on_error, stats."""
        if name == "mqtt":
            raise AttributeError(name)
        return getattr(self.mqtt, name)
