"""What is published on topics, pushed to this computer: MQTT in a WebSocket, signed with the user's own AWS keys.

https://docs.aws.amazon.com/iot/latest/developerguide/protocols.html (MQTT over WebSocket)
"""

from __future__ import annotations

import contextlib
import queue
import ssl
import time
import urllib.parse
import uuid
from typing import TYPE_CHECKING, Any

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

from aws_iot.web import sigv4

from ..errors import ToolError
from ..shapes import Say

if TYPE_CHECKING:
    from .aws import Aws

_BEGIN_S = 15
_PAUSE_S = 30
_TURN_S = 1  # a wait that Ctrl-C ends on Windows, too
_KEEPALIVE_S = 60  # https://docs.aws.amazon.com/general/latest/gr/iot-core.html: 30 to 1200
Message = tuple[str, bytes]


class Unavailable(ToolError):
    """There is no such connection from here: why."""


class Feed:
    """A context manager for the messages on some topics; next() gives them. It connects again by itself, for ever.

    say() is told, from another thread, when a connection is lost and when a new one fails.
    """

    def __init__(self, aws: Aws, *topics: str, say: Say = lambda text: None) -> None:
        self._aws, self._topics, self._say = aws, topics, say
        self._events: queue.Queue[Message | None | Exception] = queue.Queue()
        self._endpoint = aws.endpoint()  # in a local AWS by this name alone, and at the address of its APIs
        self._begun = False  # from then on what fails is tried again
        self._client = self._made()

    def __enter__(self) -> Feed:
        """Connect and subscribe; Unavailable where that does not work."""
        try:
            self._client.connect(self._host, self._port, _KEEPALIVE_S)
        except (OSError, ValueError) as error:
            raise Unavailable(f"no MQTT connection to {self._host}:{self._port} ({error})") from error
        self._client.loop_start()
        try:
            begun = self._events.get(timeout=_BEGIN_S)
        except queue.Empty:
            begun = Unavailable(f"{self._host}:{self._port} does not answer MQTT")
        if isinstance(begun, Exception):
            self.__exit__()
            raise begun
        self._begun = True
        return self

    def __exit__(self, *_: object) -> None:
        self._begun = False
        self._client.disconnect()
        self._client.loop_stop()

    def next(self, timeout_s: float | None = None) -> Message | None:
        """Wait for the next (topic, payload); None for a new connection, before which some may have been missed.

        TimeoutError when none came in time. What keeps a new connection from being tried, as keys that cannot be had,
        is raised; the next try comes all the same.
        """
        end = None if timeout_s is None else time.monotonic() + timeout_s
        while True:
            left = _TURN_S if end is None else min(_TURN_S, end - time.monotonic())
            try:
                event = self._events.get(timeout=max(0, left))
            except queue.Empty:
                if left <= 0:
                    raise TimeoutError from None
                continue
            if isinstance(event, Exception):
                raise event
            return event

    def here(self) -> Message | None:
        """One of the messages that have come by now; None for none."""
        with contextlib.suppress(queue.Empty):
            while True:
                event = self._events.get_nowait()
                if isinstance(event, Exception):
                    raise event
                if event:
                    return event
        return None

    @property
    def _local(self) -> urllib.parse.ParseResult | None:
        """Where a local AWS is, which has no TLS there."""
        url = urllib.parse.urlparse(self._aws.url)
        return url if url.scheme == "http" else None

    @property
    def _host(self) -> str:
        return (self._local and self._local.hostname) or self._endpoint

    @property
    def _port(self) -> int:
        return (self._local.port or 80) if self._local else 443

    def _made(self) -> paho.Client:
        version = CallbackAPIVersion.VERSION2
        client = paho.Client(version, client_id=f"thing-{uuid.uuid4().hex}", transport="websockets")
        if not self._local:
            client.tls_set_context(ssl.create_default_context())
        client.reconnect_delay_set(1, _PAUSE_S)
        client.on_pre_connect = self._sign
        client.on_connect = self._connected
        client.on_disconnect = self._lost
        client.on_connect_fail = self._failed
        client.on_subscribe = self._subscribed
        client.on_message = lambda client, data, message: self._events.put((message.topic, bytes(message.payload)))
        return client

    def _sign(self, client: paho.Client, data: Any) -> None:
        """A URL for this connection: it lives for five minutes, and keys may be others by then."""
        try:
            found = self._aws.session.get_credentials().get_frozen_credentials()
        except Exception as error:  # paho's thread, which it would end without a word
            self._events.put(error)
            raise OSError("no keys") from error
        keys = found.access_key, found.secret_key, found.token
        place = self._endpoint, "/mqtt", self._aws.region, "iotdevicegateway"
        path = "".join(sigv4.url(keys, sigv4.dated(time.gmtime()), *place))
        client.ws_set_options(path, headers=lambda headers: {**headers, "Host": self._endpoint})

    def _connected(self, client: paho.Client, data: Any, flags: Any, reason: Any, properties: Any) -> None:
        if not reason.is_failure:
            client.subscribe([(topic, 1) for topic in self._topics])
        elif not self._begun:
            self._events.put(Unavailable(f"the MQTT connection was refused ({reason})"))

    def _lost(self, client: paho.Client, data: Any, flags: Any, reason: Any, properties: Any) -> None:
        if self._begun:
            self._say(f"the MQTT connection to {self._host} was lost; connecting again")

    def _failed(self, client: paho.Client, data: Any) -> None:
        if self._begun:
            self._say(f"{self._host} cannot be reached by MQTT, or refuses these AWS keys; trying on")
            self._aws.renew()

    def _subscribed(self, client: paho.Client, data: Any, number: int, reasons: Any, properties: Any) -> None:
        refused = any(reason.is_failure for reason in reasons)
        why = "AWS does not let these credentials subscribe (the IAM user or role needs iot:Subscribe and iot:Receive)"
        self._events.put(Unavailable(why) if refused else None)
