"""The least MQTT 3.1.1 that a diagnosis needs, over TLS, step by step, so that the step that fails is known.

http://docs.oasis-open.org/mqtt/mqtt/v3.1.1/mqtt-v3.1.1.html
"""

from __future__ import annotations

import socket
import ssl
import time
from pathlib import Path
from typing import Any

CONNACK, PUBLISH, SUBACK = 0x20, 0x30, 0x90


class Closed(Exception):
    """The other side closed the connection: AWS's only way of saying no in MQTT 3.1.1."""


class Probe:
    """One connection; each step raises OSError, ssl.SSLError, Closed or TimeoutError."""

    def __init__(self, host: str, port: int, timeout_s: float = 10) -> None:
        self.host, self.port, self.timeout_s = host, port, timeout_s
        self._socket: Any = None  # once it is open, first TCP's and then TLS's
        self._data = b""

    def look_up(self) -> list[str]:
        """-> the addresses of the host name."""
        found = socket.getaddrinfo(self.host, self.port, type=socket.SOCK_STREAM)
        return list(dict.fromkeys(str(info[4][0]) for info in found))

    def open(self) -> None:
        self._socket = socket.create_connection((self.host, self.port), self.timeout_s)

    def secure(self, ca_pem: str, certificate_file: Path, key_file: Path) -> str | None:
        """-> the protocol that TLS agreed on."""
        context = ssl.create_default_context(cadata=ca_pem)
        # Python 3.13 turns it on. A CA of the user's own may lack key usage and key identifiers (RFC 5280, 4.2.1), on
        # which no board's TLS insists, and the question here is why a board does not connect.
        context.verify_flags &= ~ssl.VERIFY_X509_STRICT
        context.load_cert_chain(certificate_file, key_file)
        self._socket = context.wrap_socket(self._socket, server_hostname=self.host)
        return self._socket.version()

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


def _string(text: str) -> bytes:
    data = text.encode()
    return len(data).to_bytes(2, "big") + data
