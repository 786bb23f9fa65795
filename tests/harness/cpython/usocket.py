"""Lets umqtt.simple 1.3.4 run on CPython: its sockets have MicroPython's stream methods."""

import socket as _socket
from socket import *  # noqa: F403


class socket(_socket.socket):
    def read(self, size):
        data = bytearray()
        while len(data) < size:
            try:
                part = self.recv(size - len(data))
            except BlockingIOError:
                return bytes(data) or None
            if not part:
                break
            data += part
        return bytes(data)

    def write(self, data, size=None):
        return self.send(memoryview(data)[:size])


def getaddrinfo(*arguments):
    # MicroPython's unix port offers IPv4 first, and umqtt.simple opens an IPv4 socket whatever it is offered.
    return sorted(_socket.getaddrinfo(*arguments), key=lambda entry: entry[0] != _socket.AF_INET)
