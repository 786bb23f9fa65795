"""umqtt.simple with TCP_NODELAY set before the TLS handshake: the cure for its stalls that leaves its code as it is."""

import socket

import peer_umqtt
from umqtt import simple


class _Sockets:
    getaddrinfo = socket.getaddrinfo

    def socket(self):
        made = socket.socket()
        made.setsockopt(6, 1, 1)
        return made


simple.socket = _Sockets()
Peer = peer_umqtt.Peer
