"""Counts what a device's TLS connection carries: a relay that reads the record headers and forwards every byte."""

import socket
import threading
from dataclasses import dataclass, field

_HEADER = 5
_APPLICATION_DATA = 23


@dataclass
class Direction:
    """One way: bytes on the wire, records of application data, and segments as they were received."""

    bytes: int = 0
    records: int = 0
    _head: bytearray = field(default_factory=bytearray)
    _left: int = 0

    def count(self, data: bytes) -> None:
        self.bytes += len(data)
        at = 0
        while at < len(data):
            if self._left:
                step = min(self._left, len(data) - at)
                self._left -= step
                at += step
                continue
            self._head.append(data[at])
            at += 1
            if len(self._head) == _HEADER:
                self.records += self._head[0] == _APPLICATION_DATA
                self._left = int.from_bytes(self._head[3:], "big")
                self._head.clear()


class Meter:
    """Forwards connections from `port` to the broker; `up` is what the device sends."""

    def __init__(self, target_port: int) -> None:
        self.up, self.down = Direction(), Direction()
        self._target_port = target_port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_) -> None:
        self._listener.close()

    def snapshot(self) -> tuple:
        return self.up.bytes, self.up.records, self.down.bytes, self.down.records

    def _accept(self) -> None:
        while True:
            try:
                device, _ = self._listener.accept()
                broker = socket.create_connection(("127.0.0.1", self._target_port))
            except OSError:
                return
            for source, sink, direction in ((device, broker, self.up), (broker, device, self.down)):
                sink.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                threading.Thread(target=self._carry, args=(source, sink, direction), daemon=True).start()

    @staticmethod
    def _carry(source, sink, direction: Direction) -> None:
        try:
            while data := source.recv(65536):
                direction.count(data)
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            pass
