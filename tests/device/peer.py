"""A stand-in for the network and the MQTT server behind it, in memory and by a clock of its own, for a real MQTTClient.

It plays sockets and select as far as aws_iot uses them, and a server by MQTT 3.1.1 sections 3.2 to 3.13. What real
sockets and servers do is tested in tests/system and tests/faults; here time is exact and costs nothing.
"""

import sys
from json import dumps

from wire import message, packet, puback, suback, unsuback

import aws_iot
import aws_iot.mqtt
import aws_iot.mqtt.attempt
import aws_iot.mqtt.tcp

_MICROPYTHON = sys.implementation.name == "micropython"
_USERS = (aws_iot, aws_iot.mqtt.attempt, aws_iot.mqtt.tcp)
_ticks_add = aws_iot.ticks_add
_ticks_diff = aws_iot.ticks_diff

CONNECT, PUBLISH, PUBACK, SUBSCRIBE, UNSUBSCRIBE, PINGREQ, DISCONNECT = 0x10, 0x30, 0x40, 0x80, 0xA0, 0xC0, 0xE0


class Clock:
    """Milliseconds that pass only by waiting; they wrap soon after the start, as a board's do after 12 days."""

    def __init__(self):
        self.now = _ticks_add(0, -3000)

    def __call__(self):
        return self.now


class Poller:
    """Stands in for select.poll(): waiting moves the clock, at most to what comes next."""

    def __init__(self, peer):
        self.peer = peer

    def register(self, stream, events):
        self.events = events

    modify = register

    def poll(self, timeout_ms=-1):
        peer = self.peer
        if not (peer.readable() or self.events & 4 and peer.writable()):
            peer.sleep_ms(timeout_ms)
        return [(peer, 4)] if peer.writable() else []

    ipoll = poll


class Peer:
    """The server. ``sent``: the client's packets so far, (first byte, body); ``silent``: the kinds not to answer."""

    POLLIN, POLLOUT, POLLERR, POLLHUP, SOCK_STREAM = 1, 4, 8, 16, 1

    def __init__(self):
        self.clock = Clock()
        self.connections = 0
        self.session = False  # kept by the server
        self.connack = 0
        self.silent = ()
        self.failing = {}  # "dns", "tcp", "tls" or "read" -> the error that is raised there
        self.deaf = False  # nothing can be written, and connect() gets no answer
        self.closed = False  # by the server: the client reads the end
        self.puback_ms = 0  # how long it takes to acknowledge a message
        self.room = None  # bytes that the client may still write; None: any number
        self.sent = []
        self.service = None  # function(topic, payload): who takes messages
        self.codes = {}  # filter -> SUBACK code
        self._in = bytearray()
        self._out = bytearray()
        self._later = []
        self._seed = 1

    def __enter__(self):
        self._saved = [(aws_iot.mqtt, "sleep_ms", aws_iot.mqtt.sleep_ms)]
        aws_iot.mqtt.sleep_ms = self.sleep_ms
        for name in ("socket", "select"):
            for module in _USERS:
                if not hasattr(module, name):
                    continue
                self._saved.append((module, name, getattr(module, name)))
                setattr(module, name, self)
            if _MICROPYTHON:
                sys.modules[name] = self  # what is lent imports them anew
        return self

    def __exit__(self, *_):
        for module, name, value in self._saved:
            setattr(module, name, value)
        if _MICROPYTHON:
            del sys.modules["socket"]
            del sys.modules["select"]

    def client(self, client_id="me", **options):
        """An MQTTClient that will talk to this."""
        options.setdefault("random", self.random)
        return aws_iot.mqtt.MQTTClient(client_id, "peer", ticks_ms=self.clock, **options)

    def connected(self, **options):
        """The same, connected."""
        client = self.client(**options)
        client.connect()
        return client

    def random(self):
        self._seed = (self._seed * 1103515245 + 12345) & 0x7FFFFFFF
        return self._seed >> 7 & 0xFFFFFF

    # -- time

    def later(self, delay_ms, function, *args):
        """Call ``function`` when so much time has passed."""
        self._later.append((_ticks_add(self.clock.now, delay_ms), function, args))

    def sleep_ms(self, duration_ms):
        """Time passes, at most to what comes next."""
        if duration_ms <= 0:
            return
        end = _ticks_add(self.clock.now, duration_ms)
        first = None
        for entry in self._later:
            if _ticks_diff(end, entry[0]) >= 0 and not (first and _ticks_diff(entry[0], first[0]) >= 0):
                first = entry
        if first:
            self._later.remove(first)
            self.clock.now = first[0]
            first[1](*first[2])
        else:
            self.clock.now = end

    def readable(self):
        return self._in or self.closed

    def writable(self):
        return not self.deaf and self.room != 0

    # -- as the socket module, and as a socket

    def getaddrinfo(self, *args):
        self._fail("dns")
        return [(2, 1, 0, "", "peer")]

    def socket(self, family, kind):
        self._in, self._out = bytearray(), bytearray()
        self.closed = False
        return self

    def poll(self):
        return Poller(self)

    def setblocking(self, flag):
        pass

    def setsockopt(self, *args):
        pass

    def connect(self, address):
        self._fail("tcp")
        self.connections += 1

    def wrap_socket(self, sock, server_hostname, do_handshake_on_connect):
        """As a TLS context: nothing is encrypted."""
        self._fail("tls")
        return self

    def _fail(self, where):
        if where in self.failing:
            raise self.failing[where]

    def close(self):
        pass

    def readinto(self, buffer):
        self._fail("read")
        count = min(len(buffer), len(self._in))
        if count:
            buffer[:count] = self._in[:count]
            self._in = self._in[count:]
            return count
        return 0 if self.closed else None

    def write(self, data):
        count = len(data) if self.room is None else min(len(data), self.room)
        if not self.writable():
            return None
        if self.room is not None:
            self.room -= count
        self._out += bytes(data[:count])
        self._take()
        return count

    # -- as the server

    def say(self, data):
        """Send bytes to the client."""
        self._in += data

    def publish(self, topic, document, pid=0):
        """Send a message; a dict goes as JSON."""
        if not isinstance(document, bytes):
            document = dumps(document).encode()
        self.say(message(topic, document, pid))

    def close_link(self):
        self.closed = True

    def deny(self, kind, word, times=1000):
        """Play AWS's policy: close at each packet of ``kind`` that has ``word`` in it, ``times`` times."""
        answer, left = self._answer, [times]

        def judge(first, body):
            if first & 0xF0 == kind and word in body and left[0]:
                left[0] -= 1
                self.close_link()
            else:
                answer(first, body)

        self._answer = judge

    def packets(self, kind):
        """The packets of this kind (upper half of the first byte) so far."""
        return [entry for entry in self.sent if entry[0] & 0xF0 == kind]

    def published(self):
        """(topic, payload, packet id, first byte) of each PUBLISH so far."""
        return [_publish(first, body) for first, body in self.packets(PUBLISH)]

    def filters(self):
        """The filters of each SUBSCRIBE so far."""
        return [_filters(body, 1) for _, body in self.packets(SUBSCRIBE)]

    def _take(self):
        while True:
            size = at = shift = 0
            while True:
                at += 1
                if at >= len(self._out):
                    return
                size |= (self._out[at] & 127) << shift
                shift += 7
                if self._out[at] < 128:
                    break
            end = at + 1 + size
            if len(self._out) < end:
                return
            first, body = self._out[0], bytes(self._out[at + 1 : end])
            self._out = self._out[end:]
            self.sent.append((first, body))
            if first & 0xF0 not in self.silent:
                self._answer(first, body)

    def _answer(self, first, body):
        kind = first & 0xF0
        if kind == CONNECT:
            self.say(packet(0x20, bytes((1 if self.session and not body[7] & 2 else 0, self.connack))))
        elif kind == PUBLISH:
            topic, payload, pid, _ = _publish(first, body)
            if pid and self.puback_ms:
                self.later(self.puback_ms, self.say, puback(pid))
            elif pid:
                self.say(puback(pid))
            if self.service:
                self.service(topic, payload)
        elif kind == SUBSCRIBE:
            self.say(suback(body[0] << 8 | body[1], *[self.codes.get(name, 1) for name in _filters(body, 1)]))
        elif kind == UNSUBSCRIBE:
            self.say(unsuback(body[0] << 8 | body[1]))
        elif kind == PINGREQ:
            self.say(b"\xd0\0")


def _publish(first, body):
    at = 2 + (body[0] << 8 | body[1])
    topic, pid = str(body[2:at], "utf-8"), 0
    if first & 6:
        pid = body[at] << 8 | body[at + 1]
        at += 2
    return topic, body[at:], pid, first


def _filters(body, extra):
    names, at = [], 2
    while at < len(body):
        end = at + 2 + (body[at] << 8 | body[at + 1])
        names.append(str(body[at + 2 : end], "utf-8"))
        at = end + extra
    return names
