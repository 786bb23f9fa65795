"""The other side of a measurement: a plain MQTT client on the broker, fast and predictable, since it holds the clock.

It plays AWS's shadow service as far as the work goes: deltas with a rising version, one at a time, each answered by a
report, which is accepted; an empty document for a get.
https://docs.aws.amazon.com/iot/latest/developerguide/device-shadow-mqtt.html
"""

import json
import select
import socket
import time

_SHADOW = "$aws/things/thing/shadow/"


def _text(value: str) -> bytes:
    data = value.encode()
    return len(data).to_bytes(2, "big") + data


def _packet(kind: int, body: bytes) -> bytes:
    head, left = bytearray([kind]), len(body)
    while left > 127:
        head.append(left & 127 | 128)
        left >>= 7
    head.append(left)
    return bytes(head) + body


class Counterpart:
    """A connection to the broker's plain port; with `accepting` each report is answered, as AWS does."""

    def __init__(self, port: int, accepting: bool = False) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=10)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._data = bytearray()
        self._version = 0
        self._accepting = accepting
        self._socket.sendall(_packet(0x10, _text("MQTT") + b"\x04\x02\x00\x00" + _text("cloud")))
        self._await(0x20)
        for name in ("update", "get"):
            self._socket.sendall(_packet(0x82, b"\x00\x01" + _text(_SHADOW + name) + b"\x00"))
            self._await(0x90)

    def __enter__(self):
        return self

    def __exit__(self, *_) -> None:
        self._socket.close()

    def _next(self) -> tuple:
        """The next packet's first byte and body; OSError when none comes in 10 s."""
        while True:
            size, at, shift = 0, 1, 0
            while at < len(self._data):
                size |= (self._data[at] & 127) << shift
                shift += 7
                at += 1
                if not self._data[at - 1] & 128:
                    if len(self._data) >= at + size:
                        kind, body = self._data[0], bytes(self._data[at : at + size])
                        del self._data[: at + size]
                        return kind, body
                    break
            data = self._socket.recv(65536)
            if not data:
                raise EOFError("the broker closed")
            self._data += data

    def _await(self, kind: int) -> bytes:
        while True:
            found, body = self._next()
            if found & 0xF0 == kind:
                return body

    def report(self) -> bytes:
        """The next report, which may have been waiting."""
        while True:
            body = self._await(0x30)
            size = int.from_bytes(body[:2], "big")
            if body[2 : 2 + size].endswith(b"/update"):
                return body[2 + size :]
            document = {"state": {}, "version": self._version, "timestamp": 1700000000 + self._version}
            self.publish(_SHADOW + "get/accepted", json.dumps(document).encode())

    def forget(self) -> None:
        """Drop what has come."""
        while self._data or select.select([self._socket], [], [], 0)[0]:
            self._next()

    def publish(self, topic: str, payload: bytes, qos: int = 0) -> None:
        packet_id = b"\x00\x01" if qos else b""
        self._socket.sendall(_packet(0x30 | qos << 1, _text(topic) + packet_id + payload))

    def flood(self, topic: str, payload: bytes, count: int) -> None:
        """So many messages at QoS 0, a hundred in a write."""
        packet = _packet(0x30, _text(topic) + payload)
        self._socket.settimeout(60)
        for _ in range(-(-count // 100)):
            self._socket.sendall(packet * 100)

    def rounds(self, count: int) -> list:
        """Set a desired value so many times; returns the milliseconds from each to its report."""
        return [self._round() for _ in range(count)]

    def _round(self) -> float:
        payload = self._delta()
        begun = time.perf_counter()
        self.publish(_SHADOW + "update/delta", payload, 1)
        report = self.report()
        taken = (time.perf_counter() - begun) * 1000
        if self._accepting:
            self._version += 1
            document = {"version": self._version, "timestamp": 1700000000 + self._version, **json.loads(report)}
            self.publish(_SHADOW + "update/accepted", json.dumps(document, separators=(",", ":")).encode(), 1)
        return taken

    def _delta(self) -> bytes:
        self._version += 1
        document = {
            "version": self._version,
            "timestamp": 1700000000 + self._version,
            "state": {"publish_period": 1000 + self._version},
            "metadata": {"publish_period": {"timestamp": 1700000000 + self._version}},
        }
        return json.dumps(document, separators=(",", ":")).encode()

    def deltas(self, count: int) -> None:
        """So many deltas that nobody needs to answer."""
        for _ in range(count):
            self.publish(_SHADOW + "update/delta", self._delta(), 1)
            self._await(0x40)
