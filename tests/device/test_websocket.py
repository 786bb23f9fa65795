"""aws_iot.web.websocket and upgrade on a stream that the test plays: frames as RFC 6455 has them, in any pieces."""

from binascii import b2a_base64
from hashlib import sha1

from websocket_cases import CASES

import aws_iot.web.websocket as websocket
from aws_iot.errors import ProtocolError

_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


class Tls:
    """A stream that reads what `said` holds, a piece a time (None: nothing now), and writes at most `room` bytes."""

    def __init__(self, *said, room=None):
        self.said, self.written, self.room, self.closed = list(said), b"", room, 0

    def readinto(self, space):
        if not self.said:
            return None
        data = self.said.pop(0)
        if data is None:
            return None
        count = min(len(data), len(space))
        space[:count] = data[:count]
        if count < len(data):
            self.said.insert(0, data[count:])
        return count

    def write(self, data):
        if self.room is None:
            self.written += bytes(data)
            return len(data)
        count = min(self.room, len(data))
        self.room -= count
        self.written += bytes(data[:count])
        return count or None

    def close(self):
        self.closed += 1


class Client:
    server, port, client_id, stage = "h", 443, "c1", "tls"


def _begun(*said, room=None):
    """A WebSocket whose upgrade is done."""
    tls = Tls(*said, room=room)
    stream = _Context().wrap_socket(tls, None, False)
    stream.opening = None
    return stream, tls


def _read(stream, size=100):
    space = bytearray(size)
    count = stream.readinto(memoryview(space))
    return count if not count else bytes(space[:count])


def _unmasked(frame):
    """(first byte, content) of a client's frame, and what follows it."""
    assert frame[1] & 0x80
    size, at = frame[1] & 127, 2
    if size == 126:
        size, at = frame[2] << 8 | frame[3], 4
    key, data = frame[at : at + 4], frame[at + 4 : at + 4 + size]
    return (frame[0], bytes([byte ^ key[index % 4] for index, byte in enumerate(data)])), frame[at + 4 + size :]


def _raises(error, function, *args):
    try:
        function(*args)
    except error as raised:
        return str(raised)
    raise AssertionError("nothing was raised")


def test_all_frames_that_are_there_are_read_at_once():
    stream, _ = _begun(b"\x82\x03abc\x82\x00\x02\x01", b"d\x00\x01e\x80\x01f", None, b"\x82\x01g")
    assert _read(stream) == b"abcdef"
    assert _read(stream) == b"g"
    assert _read(stream) is None


def test_any_cut_of_the_input_gives_the_same():
    data = b"\x82\x7e\x00\x80" + bytes(128) + b"\x89\x02hi\x02\x7f\0\0\0\0\0\0\0\x03xyz\x8a\x00\x80\x01!"
    wanted = bytes(128) + b"xyz!"
    for step in (1, 2, 3, 5, 200):
        for size in (1, 7, 300):
            pieces = []
            for at in range(0, len(data), step):
                pieces += [data[at : at + step], None]
            stream, tls = _begun(*pieces)
            found = b""
            while tls.said or len(found) < len(wanted):
                found += _read(stream, size) or b""
            assert found == wanted
            assert _unmasked(tls.written) == ((0x8A, b"hi"), b"")


def _play(data, step):
    """What a client hears and answers that gets it in pieces of ``step`` bytes, and why it refuses the rest."""
    pieces, view = [], memoryview(data)
    for at in range(0, len(data), step):
        pieces += [view[at : at + step], None]
    stream, tls = _begun(*pieces)
    heard, why = b"", ""
    try:
        while tls.said or stream.have:
            part = _read(stream, 4096)
            if part == 0:
                break
            heard += part or b""
        heard += _read(stream) or b""
    except ProtocolError as error:
        why = str(error)
    written, answers = tls.written, []
    while written:
        answer, written = _unmasked(written)
        answers.append(answer)
    return heard, answers, why


def test_the_cases_of_autobahn():
    for case, data, wanted, answers, end in CASES:
        for step in (len(data), 1, 2, 5) if len(data) < 3000 else (len(data), 1460):
            heard, answered, why = _play(data, step)
            # before it is refused, what came in the same read is not handed over
            assert heard == wanted or end and wanted.startswith(heard), case
            # the last of several pings may be answered for all of them (section 5.5.3)
            assert answered == answers or case == "2.10" and answered[-1] == answers[-1], (case, answered)
            assert why.endswith(end) and bool(why) == bool(end), (case, why)


def test_a_close_frame_is_the_end():
    stream, tls = _begun(b"\x82\x01a\x88\x02\x03\xe8\x82\x01b")
    assert (_read(stream), _read(stream)) == (b"a", 0)
    stream.close()
    stream.close()
    assert tls.closed == 1
    stream, _ = _begun(b"\x82\x02a", b"")
    assert (_read(stream), _read(stream)) == (b"a", None)
    stream, _ = _begun(b"")
    assert _read(stream) == 0


def test_what_no_server_may_send():
    for data, why in (
        (b"\xc2\x00", "reserved bits"),
        (b"\x82\x80", "masked"),
        (b"\x81\x00", "kind 1"),
        (b"\x80\x00", "kind 0"),
        (b"\x02\x00\x82\x00", "kind 2"),
        (b"\x83\x00", "kind 3"),
        (b"\x09\x00", "control"),
        (b"\x89\x7e\x00\x7e", "control"),
        (b"\x8b\x00", "control"),
        (b"\x82\x7f\x80\0\0\0\0\0\0\0", "9223372036854775808 bytes"),
    ):
        stream, _ = _begun(data)
        assert _raises(ProtocolError, _read, stream) == "WebSocket frame: " + why


def test_a_packet_is_masked_and_stays_as_it_is():
    for size in (1, 63, 64, 65, 125, 126, 1024):
        stream, tls = _begun()
        data = bytes([index & 255 for index in range(size)])
        kept = bytearray(data)
        assert stream.write(kept) == size
        assert kept == data
        assert _unmasked(tls.written) == ((0x82, data), b"")
    assert websocket.frame(2, b"same")[2:6] != websocket.frame(2, b"same")[2:6]


def test_a_long_packet_spans_frames():
    stream, tls = _begun()
    data = bytes(1500)
    assert stream.write(data) == 1024
    assert stream.write(memoryview(data)[1024:]) == 476
    (first, rest) = _unmasked(tls.written)
    assert (first[1] + _unmasked(rest)[0][1], _unmasked(rest)[1]) == (data, b"")


def test_a_frame_that_has_begun_is_finished_before_all_else():
    stream, tls = _begun(b"\x89\x01p", room=4)
    assert stream.write(b"packet") is None
    assert _read(stream) is None  # the ping came in the middle of it
    assert len(tls.written) == 4
    tls.room = 1000
    assert stream.write(b"packet") == 6
    frame, rest = _unmasked(tls.written)
    assert frame == (0x82, b"packet")
    assert _unmasked(rest) == ((0x8A, b"p"), b"")


def test_a_pong_that_met_a_full_socket_goes_out_with_the_next_step():
    stream, tls = _begun(b"\x89\x01p", room=0)
    assert _read(stream) is None
    tls.room = 3
    assert stream.write(b"x") is None  # behind the pong, which has begun
    tls.room = 1000
    assert _read(stream) is None
    assert _unmasked(tls.written) == ((0x8A, b"p"), b"")
    assert stream.write(b"x") == 1
    assert _unmasked(_unmasked(tls.written)[1]) == ((0x82, b"x"), b"")


class _Ssl:
    def wrap_socket(self, raw, **options):
        return raw


class _Context(websocket.WebSocket):
    def __init__(self, *keys):
        keys = list(keys)
        client = Client()
        client.context = _Ssl()
        super().__init__(client, lambda: keys.pop(0), "eu-west-1", "h.iot.eu-west-1.amazonaws.com")


def _begin(tls, context):
    return context.wrap_socket(tls, None, False).opening


def _upgraded(*said, accept=True, keys=(("AK", "secret", "t/k"),), room=None):
    """-> (the request, its context, what upgrade() said) with an answer of which the first line is `said`."""
    tls, context = Tls(room=room), _Context(*keys)
    steps, running = [], _begin(tls, context)
    for step in running:
        steps.append(step)
        if step or len(steps) > 50:
            break
        tls.room = room
        if tls.written.endswith(b"\r\n\r\n") and said:
            key = tls.written.split(b"Sec-WebSocket-Key: ")[1].strip()
            answer = b2a_base64(sha1(key + _GUID).digest()).strip() if accept else b"other"
            tls.said = [line and line.replace(b"ACCEPT", answer) for line in said]
            said = ()
    return tls, context, steps


_GOOD = b"HTTP/1.1 101 Switching Protocols\r\nX: y\r\nsec-websocket-accept: ACCEPT\r\n\r\n"


def test_the_upgrade_reads_nothing_of_the_first_frame():
    tls, context, steps = _upgraded(_GOOD[:20], None, _GOOD[20:] + b"\x82\x01a")
    assert steps[-1] is True
    assert context.client.stage == "upgrade"
    assert tls.said == [b"\x82\x01a"]
    head = tls.written.decode().split("\r\n")
    assert head[0].startswith("GET /mqtt?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AK%2F")
    assert head[0].endswith("&X-Amz-Security-Token=t%2Fk HTTP/1.1")
    assert head[1] == "Host: h.iot.eu-west-1.amazonaws.com"
    assert "Sec-WebSocket-Protocol: mqtt" in head
    assert head[-2:] == ["", ""]


def test_the_upgrade_waits_for_keys_and_for_room():
    _, _, steps = _upgraded(_GOOD, keys=(None, None, ("AK", "secret", None)))
    assert steps[:2] == [False, False]
    assert steps[-1] is True
    tls, _, steps = _upgraded(_GOOD, room=100, keys=(("AK", "secret", "t" * 900),))
    assert steps[-1] is True
    assert tls.written.count(b"\r\n\r\n") == 1


def test_why_the_upgrade_was_refused():
    for said, words in (
        (b"HTTP/1.1 403 Forbidden\r\n\r\n", "HTTP 403): are the keys right and still valid, is the clock ("),
        (b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<html>", "h:443 speaks no WebSocket, or a proxy"),
        (b"\x16\x03\x01\r\n\r\n", "h:443 speaks no WebSocket: it says b'\\x16"),
        (b"\r\n\r\n", "h:443 speaks no WebSocket: it says b''"),
        (b"HTTP/1.1 x\r\n\r\n", "h:443 speaks no WebSocket"),
        (b"HTTP/1.1 101 Yes\r\nUpgrade: websocket\r\n\r\n", "does not answer this WebSocket"),
        (b"a" * 5000, "h:443 speaks no WebSocket"),
        (b"HTTP/1.1 101 Yes\r\n" + b"X-Filler: yyyy\r\n" * 400, "does not answer this WebSocket"),
        (b"HTTP/1.1 101 Yes\r\n" + b"sec-websocket-accept: x\r\n" * 400, "does not answer this WebSocket"),
    ):
        assert words in _raises(ValueError, _upgraded, said)
    assert "does not answer this WebSocket" in _raises(ValueError, lambda: _upgraded(_GOOD, accept=False))
    assert "closed before the WebSocket was open: is h:443 AWS's" in _raises(ValueError, _upgraded, _GOOD[:30], b"")


def test_keys_that_are_none():
    for keys in ((("AK", "secret"),), (7,), (("AK", b"secret", None),), (("AK", None, None),), (("AK", "s", 7),), ()):
        assert _raises(ValueError, lambda keys=keys: _upgraded(_GOOD, keys=keys)).startswith("keys(): ")

    def full():
        raise MemoryError

    context = _Context()
    context.keys = full
    _raises(MemoryError, lambda: _begin(Tls(), context).__next__())


def test_what_tls_says_is_not_the_upgrades():
    class Tls:
        def write(self, data):
            raise OSError(-0x7780)

    running = _begin(Tls(), _Context(("AK", "secret", None)))
    assert str(-0x7780) in _raises(OSError, lambda: running.__next__())


def test_a_client_takes_it_for_a_tls_context():
    class Ssl:
        def wrap_socket(self, raw, **options):
            return raw, options

    client = Client()
    client.context = Ssl()
    context = websocket.WebSocket(client, lambda: None, "eu-west-1", "h")
    stream = context.wrap_socket("raw", server_hostname="127.0.0.1", do_handshake_on_connect=False)
    assert stream.write(b"CONNECT") is None and client.stage == "keys"  # no keys yet: no TLS
    assert stream.stream == "raw"
    context.keys = lambda: ("AK", "secret", None)
    _raises(AttributeError, lambda: stream.write(b"CONNECT"))  # a tuple writes nothing
    assert stream.stream == ("raw", {"server_hostname": "h", "do_handshake_on_connect": False})
    assert client.stage == "tls"
    stream = context.wrap_socket(Tls(), None, False)
    stream.opening = iter([False, True])
    assert [stream.write(b"CONNECT") for _ in range(2)] == [None, 7]
