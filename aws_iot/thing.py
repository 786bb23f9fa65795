"""A Thing of AWS IoT: one MQTT client, its shadows, its jobs, and the seed's calls."""

import aws_iot

from .mqtt import MQTTClient
from .shadow import Shadow


class Thing:
    """An AWS IoT Thing that connects to ``endpoint`` as ``client_id`` by mutual TLS.

    ``certificate`` and its private ``key``: their contents, PEM or DER, bytes or str; in place of a key a function,
    where that is in a chip: ``key(digest)`` signs 32 bytes, and gives r and s, 64 bytes, or DER. ``ca`` likewise,
    None for the Amazon roots. ``thingname`` is ``client_id`` unless given. ``shadow_topics`` are the response topics
    that a delta handler subscribes to; ("update/delta",) alone is the cheapest. ``limit_bytes``: of a report, as
    compact JSON; more than 8192, at most 30720, where AWS has raised the quota. ``keepalive`` in seconds; ``window``,
    ``queue_bytes``, ``packet_bytes``, ``timeout_ms``, ``clean_session`` as MQTTClient has them. ``cacert`` is
    Zerynth's name for ``ca``. ``door`` "wss": by WebSocket on port 443, with ``keys`` in place of a certificate, a
    function that gives (access key id, secret access key, session token or None), or None while they are not here yet,
    asked before each connect; "https", "https-sigv4": by calls to AWS, with the certificate or with ``keys``, where
    shadows are asked for every ``poll_ms`` (60,000) or its own ``shadow.poll_ms``, and nothing else can be subscribed
    to. In place of ``keys``, ``role_alias`` and the ``credentials`` provider's address: keys are fetched by the
    certificate. ``region`` is the endpoint's unless given, ``host`` the server's name where the endpoint is an address,
    both for these doors only.
    ValueError for bad arguments.

    ``mqtt`` is its MQTTClient, ``shadow`` its classic shadow; ``jobs`` its Jobs, and ``http`` its calls to AWS by
    HTTPS, made when first named; what is not said here is the client's.
    https://docs.aws.amazon.com/iot/latest/developerguide/iot-thing-management.html
    """

    def __init__(self, *args, **options):
        made = aws_iot.construct.thing(MQTTClient, *args, **options)
        self.mqtt = made[0]
        self.thingname = made[1]
        self.shadow = Shadow(*made)

    @classmethod
    def from_config(cls, path: str = "thing.conf.json", **options):
        """The thing that ``path`` and the certificate and key beside it describe; ``options`` are Thing's.

        ValueError names what is missing.
        """
        return cls(**aws_iot.config.arguments(path, options))

    def report(self, state: dict) -> None:
        """Report ``state``, a dict of the thing's own keys; no answer is awaited. Offline, reports merge into one that
        is sent on return. Zerynth calls it update_shadow. ValueError, StateError as Shadow.report.
        """
        self.shadow.report(state)

    update_shadow = report

    def on_delta(self, callback) -> None:
        """``callback(state)`` gets the desired members that differ from what is reported, a dict; a dict that it
        returns is reported. One that stays is told once, until it is set anew or the next connect. Zerynth calls it
        on_shadow_request.
        """
        self.shadow.on_delta(callback)

    on_shadow_request = on_delta

    def publish(self, topic: str, payload=b"", *, qos: int = 0, retain: bool = False) -> int | None:
        """Publish bytes, str, or a dict or list as JSON: at QoS 0 now or LinkError, at QoS 1 as soon as there is a
        connection, until it is acknowledged. What is returned and raised: see MQTTClient.publish.
        """
        return self.mqtt.publish(topic, payload, retain, qos)

    def subscribe(self, topic: str, handler, *, qos: int = 1, **options) -> None:
        """Have ``handler(topic, payload)`` (str, bytes) called for messages that match the filter ``topic``.

        Waits for SUBACK while connected, and is restored after each reconnect; raises as MQTTClient.subscribe, which
        tells of filters that overlap and of ``copies`` as well.
        """
        self.mqtt.subscribe(topic, qos, handler, **options)

    def __getattr__(self, name):
        try:
            return getattr(self.mqtt, name)
        except AttributeError:
            return aws_iot.own.find(self, name)


if not aws_iot.BOARD:
    aws_iot.complete(Thing, aws_iot.own)
    aws_iot.complete(Thing, aws_iot.web.own)
    aws_iot.complete(Thing, MQTTClient, aws_iot.construct.thing, aws_iot.mqtt.prepare.prepare)
