"""aws_iot.web.websocket and wsproto understand each other, however what they say is cut."""

from types import SimpleNamespace

from hypothesis import given, settings
from hypothesis import strategies as st
from wsproto import ConnectionType
from wsproto.connection import Connection
from wsproto.events import BytesMessage, Pong
from wsproto.frame_protocol import FrameProtocol

from aws_iot.web.websocket import WebSocket

_data = st.binary(max_size=300) | st.integers(0, 70_000).map(bytes)
_pings = st.tuples(st.just("ping"), st.binary(max_size=125), st.just(True))
_server = st.lists(st.tuples(st.just("data"), _data, st.booleans()) | _pings, max_size=8)
_cuts = st.lists(st.integers(0, 2000), min_size=1, max_size=5).filter(any)


class _Tls:
    """A stream whose reads and writes are cut as `cuts` says, over and over; 0: not now."""

    def __init__(self, said, cuts):
        self.said, self.written, self._cuts, self._turn = said, bytearray(), cuts, 0

    def _cut(self, most):
        self._turn += 1
        return min(self._cuts[self._turn % len(self._cuts)], most)

    def readinto(self, space):
        count = self._cut(min(len(space), len(self.said)))
        space[:count] = self.said[:count]
        self.said = self.said[count:]
        return count or None

    def write(self, data):
        count = self._cut(len(data))
        self.written += data[:count]
        return count or None


def _begun(tls):
    stream = WebSocket(SimpleNamespace(context=None), None, "", "").wrap_socket(tls, None, False)
    stream.opening = None
    return stream


def _write(stream, packet):
    left = memoryview(packet)
    while left:
        left = left[stream.write(left) or 0 :]


def _heard(tls):
    """What the server makes of it."""
    server = Connection(ConnectionType.SERVER)
    server.receive_data(bytes(tls.written))
    return list(server.events())


@settings(max_examples=200, deadline=None)
@given(_server, _cuts, st.integers(1, 2000))
def test_what_a_server_says(said, cuts, size):
    server, sent = FrameProtocol(client=False, extensions=[]), b""
    for kind, content, final in said:
        sent += server.ping(content) if kind == "ping" else server.send_data(content, fin=final)
    tls = _Tls(sent, cuts)
    stream, space, found = _begun(tls), bytearray(size), b""
    while tls.said:
        found += space[: stream.readinto(space) or 0]
    while count := stream.readinto(space):
        found += space[:count]
    assert found == b"".join(content for kind, content, _ in said if kind == "data")
    _write(stream, b"end")
    pings = [content for kind, content, _ in said if kind == "ping"]
    pongs = [bytes(event.payload) for event in _heard(tls) if isinstance(event, Pong)]
    assert pongs[-1:] == pings[-1:]  # several may be answered by the last (RFC 6455, section 5.5.3)
    left = iter(pings)
    assert all(pong in left for pong in pongs)


@settings(max_examples=200, deadline=None)
@given(st.lists(_data.filter(bool), max_size=5), _cuts)
def test_what_a_client_says(packets, cuts):
    tls = _Tls(b"", cuts)
    stream = _begun(tls)
    for packet in packets:
        _write(stream, packet)
    events = _heard(tls)
    assert all(isinstance(event, BytesMessage) for event in events)
    assert b"".join(bytes(event.data) for event in events) == b"".join(packets)
