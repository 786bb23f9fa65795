"""The least MQTT 3.1.1 that a diagnosis needs, over TLS, step by step, so that the step that fails is known.

http://docs.oasis-open.org/mqtt/mqtt/v3.1.1/mqtt-v3.1.1.html
"""

from __future__ import annotations

import http.client
import os
import socket
import ssl
import time
from pathlib import Path
from typing import Any

CONNACK, PUBLISH, SUBACK = 0x20, 0x30, 0x90


class Closed(Exception):
    """The other side closed the connection: AWS's only way of saying no in MQTT 3.1.1."""


class Probe:
    """One connection; each step raises OSError, ssl.SSLError, Closed or TimeoutError. ``name``: the server's, where
    ``host`` is an address."""

    def __init__(self, host: str, port: int, timeout_s: float = 10, name: str | None = None) -> None:
        self.host, self.port, self.timeout_s, self.name = host, port, timeout_s, name or host
        self._socket: Any = None  # once it is open, first TCP's and then TLS's
        self._data = b""

    def look_up(self) -> list[str]:
        """-> the addresses of the host name."""
        found = socket.getaddrinfo(self.host, self.port, type=socket.SOCK_STREAM)
        return list(dict.fromkeys(str(info[4][0]) for info in found))

    def open(self) -> None:
        self._socket = socket.create_connection((self.host, self.port), self.timeout_s)

    def secure(self, ca_pem: str, *pair: Path) -> str | None:
        """Show the certificate of a pair of files, if any; -> the protocol that TLS agreed on."""
        context = ssl.create_default_context(cadata=ca_pem)
        # Python 3.13 turns it on. A CA of the user's own may lack key usage and key identifiers (RFC 5280, 4.2.1), on
        # which no board's TLS insists, and the question here is why a board does not connect.
        context.verify_flags &= ~ssl.VERIFY_X509_STRICT
        if pair:
            certificate, key = pair
            context.load_cert_chain(certificate, key)
        self._socket = context.wrap_socket(self._socket, server_hostname=self.name)
        return self._socket.version()

    def ask(self, request: str) -> http.client.HTTPResponse:
        """Send a request of HTTP; -> its answer, read up to the body."""
        self._socket.sendall(request.encode())
        answer = http.client.HTTPResponse(self._socket)
        answer.begin()
        return answer

    def in_frames(self) -> None:
        """From now on, MQTT is in frames of a WebSocket."""
        self._socket = _Frames(self._socket)

    def connect(self, client_id: str) -> int:
        """-> the CONNACK code; 0 is yes."""
        self._send(0x10, b"\x00\x04MQTT\x04\x02\x00\x1e" + _string(client_id))  # clean session, keep-alive 30 s
        return self._await(CONNACK)[1]

    def subscribe(self, name: str) -> int:
        """-> the SUBACK code; 0x80 is no."""
        self._send(0x82, b"\x00\x01" + _string(name) + b"\x00")
        return self._await(SUBACK)[2]

    def publish(self, topic: str, payload: bytes = b"") -> None:
        """Publish at QoS 0, where nothing is acknowledged."""
        self._send(0x30, _string(topic) + payload)

    def receive(self) -> tuple[str, bytes]:
        """-> topic and payload of the next message, at QoS 0."""
        body = self._await(PUBLISH)
        end = 2 + int.from_bytes(body[:2], "big")
        return body[2:end].decode(), body[end:]

    def close(self) -> None:
        if self._socket:
            self._socket.close()

    def _send(self, kind: int, body: bytes) -> None:
        head = bytearray([kind])
        size = len(body)
        while size > 127:
            head.append(size & 127 | 128)
            size >>= 7
        self._socket.sendall(bytes([*head, size]) + body)

    def _await(self, kind: int) -> bytes:
        """The body of the next packet of a kind; others are skipped."""
        deadline = time.monotonic() + self.timeout_s
        while True:
            packet = self._take()
            if packet and packet[0] & 0xF0 == kind:
                return packet[1]
            if packet is None:
                self._socket.settimeout(max(0.01, deadline - time.monotonic()))
                data = self._socket.recv(4096)
                if not data:
                    raise Closed()
                self._data += data

    def _take(self) -> tuple[int, bytes] | None:
        """(first byte, body) of the first whole packet received, or None."""
        size, shift, at = 0, 0, 1
        while at < len(self._data):
            size |= (self._data[at] & 127) << shift
            at += 1
            if self._data[at - 1] < 128:
                if len(self._data) < at + size:
                    return None
                packet = self._data[0], self._data[at : at + size]
                self._data = self._data[at + size :]
                return packet
            shift += 7
        return None


class _Frames:
    """A socket with a WebSocket on it (RFC 6455, section 5), as far as a diagnosis needs it: what comes is whole."""

    def __init__(self, raw: Any) -> None:
        self.settimeout, self.close, self._raw = raw.settimeout, raw.close, raw

    def sendall(self, data: bytes) -> None:
        """A binary frame of up to 64 KB, masked."""
        mask, size = os.urandom(4), len(data)
        length = bytes([0x80 | size]) if size < 126 else bytes([0xFE, size >> 8, size & 255])
        self._raw.sendall(b"\x82" + length + mask + bytes(byte ^ mask[at % 4] for at, byte in enumerate(data)))

    def recv(self, _: int) -> bytes:
        """What is in the next frame of data; b"" at the end."""
        while True:
            head = self._exactly(2)
            size = head[1] & 127 if head else 0
            if size > 125:
                size = int.from_bytes(self._exactly(2 if size == 126 else 8), "big")
            data = self._exactly(size)
            if not head or head[0] & 15 == 8:
                return b""
            if data and head[0] & 15 < 8:
                return data

    def _exactly(self, size: int) -> bytes:
        data = b""
        while len(data) < size:
            part: bytes = self._raw.recv(size - len(data))
            if not part:
                return b""
            data += part
        return data


def _string(text: str) -> bytes:
    data = text.encode()
    return len(data).to_bytes(2, "big") + data
