"""The other end of a test: an MQTT program in the cloud, on Eclipse Paho so that our code is not its own judge."""

import contextlib
import queue
import socket
import ssl
import time
from dataclasses import dataclass

import paho.mqtt.client as paho

from . import HANG_S


@dataclass
class Message:
    """What came, when (time.monotonic()), and with what QoS and flags."""

    topic: str
    payload: bytes
    at_s: float
    qos: int
    retain: bool


class Observer:
    """A Paho client that collects the messages on its filters; by TLS when given files: CA, certificate, key."""

    def __init__(self, port: int, *filters: str, client_id: str = "observer", files: tuple = ()) -> None:
        self._arrived = queue.Queue()
        self.messages = []
        self._client = paho.Client(paho.CallbackAPIVersion.VERSION2, client_id=client_id)
        if files:
            ca, certificate, key = map(str, files)
            context = ssl.create_default_context(cafile=ca)
            context.load_cert_chain(certificate, key)
            self._client.tls_set_context(context)
        self._client.on_message = self._message
        self._client.on_socket_open = lambda client, data, sock: sock.setsockopt(
            socket.IPPROTO_TCP, socket.TCP_NODELAY, 1
        )
        connected, self._subscribed = queue.Queue(), queue.Queue()
        self._client.on_connect = lambda client, data, flags, reason, properties: connected.put(reason)
        self._client.on_subscribe = lambda client, data, number, reasons, properties: self._subscribed.put(reasons)
        self._client.connect("localhost", port)
        self._client.loop_start()
        if connected.get(timeout=HANG_S).is_failure:
            raise RuntimeError("the observer was refused")
        self._mark = f"mark/{client_id}"
        for name in filters:
            self._subscribe(name)

    def __enter__(self):
        return self

    def __exit__(self, *_) -> None:
        self.stop()

    def _message(self, client, data, message) -> None:
        self._arrived.put(Message(message.topic, message.payload, time.monotonic(), message.qos, bool(message.retain)))

    def _subscribe(self, name: str) -> None:
        self._client.subscribe(name, 1)
        if self._subscribed.get(timeout=HANG_S)[0].is_failure:
            raise RuntimeError(f"the observer may not subscribe to {name}")

    def serve(self, names: list, take) -> None:
        """Play a service: what comes on these filters goes to take(topic, payload), which answers by send()."""
        for name in names:
            self._client.message_callback_add(name, lambda client, data, message: take(message.topic, message.payload))
            self._subscribe(name)

    def send(self, topic: str, payload: bytes, qos: int = 0) -> None:
        """Publish, and wait for nothing."""
        self._client.publish(topic, payload, qos)

    def publish(self, topic: str, payload=b"", qos: int = 1, retain: bool = False) -> None:
        """Publish and wait for the acknowledgement."""
        self._client.publish(topic, payload, qos, retain).wait_for_publish(HANG_S)

    def expect(self, accept, timeout_s: float = HANG_S) -> Message:
        """The first message from now on whose topic is `accept`, or for which accept(message) is true."""
        wanted = accept if callable(accept) else lambda message: message.topic == accept
        deadline = time.monotonic() + timeout_s
        while True:
            try:
                message = self._arrived.get(timeout=max(0, deadline - time.monotonic()))
            except queue.Empty:
                came = [(message.topic, message.payload[:80]) for message in self.messages[-20:]]
                raise AssertionError(f"{accept} did not come within {timeout_s} s; came: {came}") from None
            self.messages.append(message)
            if wanted(message):
                return message

    def all(self) -> list:
        """All messages that the broker has taken until now: a mark comes behind them (MQTT 3.1.1, section 4.6)."""
        self._subscribe(self._mark)
        self.publish(self._mark)
        self.expect(self._mark)
        self.messages.pop()
        return self.messages

    def stop(self) -> None:
        self._client.disconnect()
        # paho forgets its thread as that ends, which may be between loop_stop's look at it and its join
        with contextlib.suppress(AttributeError):
            self._client.loop_stop()
