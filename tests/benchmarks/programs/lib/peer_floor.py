"""The floor: what the interpreter, TLS and the loop-back take for this one exchange when nothing else is cared for.

The one packet is parsed in a preallocated buffer, the answer is written into another, with the topic in it beforehand;
nothing is checked, kept, sent again or timed, and there is no window.
"""

import socket
from json import dumps, loads

import tls

_AT = 7  # of what follows the fixed header in the outgoing buffer: before it come PUBACK and 2 or 3 bytes of header


class Peer:
    def __init__(self, host, port, name, certificate, key, ca, window=1):
        self.host, self.port, self.name = host, port, name.encode()
        self.certificate, self.key, self.ca = certificate, key, ca
        self.buf = memoryview(bytearray(1024))
        self.head = self.buf[:2]
        self.out = memoryview(bytearray(1024))
        self.topic = b"$aws/things/" + self.name + b"/shadow/update"
        self.text = self.last = None

    def connect(self):
        context = tls.SSLContext(tls.PROTOCOL_TLS_CLIENT)
        context.load_verify_locations(self.ca)
        context.load_cert_chain(self.certificate, self.key)
        raw = socket.socket()
        raw.setsockopt(6, 1, 1)
        raw.connect(socket.getaddrinfo(self.host, self.port, 0, socket.SOCK_STREAM)[0][-1])
        self.sock = context.wrap_socket(raw, server_hostname=self.host)
        name = self.name
        self.sock.write(bytes((0x10, 12 + len(name))) + b"\x00\x04MQTT\x04\x02\x00\x00" + bytes((0, len(name))) + name)
        self.sock.readinto(self.buf[:4])

    def on_delta(self, answer):
        self.answer = answer
        self.subscribe(self.topic.decode() + "/delta", None, 1)

    def subscribe(self, topic, handler, qos=0):
        topic = topic.encode()
        self.handler = handler
        body = b"\x00\x01" + bytes((len(topic) >> 8, len(topic))) + topic + bytes((qos,))
        self.sock.write(bytes((0x82, len(body))) + body)
        self.sock.readinto(self.buf[:5])

    def wait(self):
        """Take one packet: a delta is answered, with its PUBACK in the same write; a PUBACK is dropped."""
        sock, buf = self.sock, self.buf
        sock.readinto(self.head)
        size, at = buf[1], 2
        if size > 127:
            sock.readinto(buf[2:3])
            size, at = size & 127 | buf[2] << 7, 3
        sock.readinto(buf[at : at + size])
        if buf[0] < 0x40:
            payload = at + 2 + buf[at + 1]
            if buf[0] & 2:
                self._delta(payload, at + size)
            else:
                self.handler(bytes(buf[payload : at + size]))

    def _delta(self, at, end):
        buf, out = self.buf, self.out
        state = self.answer(loads(buf[at + 2 : end])["state"])
        if state is None:
            out[0], out[1], out[2], out[3] = 0x40, 2, buf[at], buf[at + 1]
            self.sock.write(out[:4])
            return
        first, end = self._report(state)
        first -= 4
        out[first], out[first + 1], out[first + 2], out[first + 3] = 0x40, 2, buf[at], buf[at + 1]
        self.sock.write(out[first:end])

    def _report(self, state):
        return self._packet(self.topic, ('{"state":{"reported":%s}}' % dumps(state)).encode(), 1)

    def _packet(self, topic, payload, qos):
        """Put a PUBLISH into the buffer; returns where it begins and ends."""
        out, size = self.out, len(topic)
        at = _AT + 2
        if topic is not self.last:
            out[at : at + size] = self.last = topic
        at += size
        if qos:
            out[at + 1] = 1
            at += 2
        end = at + len(payload)
        out[at:end] = payload
        left = end - _AT
        first = _AT - 2
        out[_AT], out[_AT + 1] = 0, size
        if left > 127:
            first -= 1
            out[first + 1], out[first + 2] = left & 127 | 128, left >> 7
        else:
            out[first + 1] = left
        out[first] = 0x30 | qos << 1
        return first, end

    def report(self, state):
        first, end = self._report(state)
        self.sock.write(self.out[first:end])
        self.wait()

    def publish(self, topic, payload, qos):
        if topic is not self.text:
            self.text, self.other = topic, topic.encode()
        first, end = self._packet(self.other, payload, qos)
        self.sock.write(self.out[first:end])
        if qos:
            self.wait()

    def drain(self):
        pass
