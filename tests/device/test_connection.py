"""aws_iot.web.connection: answers however they are cut, and what is said of those that are no success."""

import time

from samples import raises

from aws_iot import ProtocolError, Rejected
from aws_iot.web import connection, refusal

_DAYS = "Mon Tue Wed Thu Fri Sat Sun".split()
_MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()


class _Stream:
    """Stands in for TLS: what comes, in parts of at most ``cut`` bytes, each after a time without; then the end."""

    def __init__(self, data, cut):
        self.data, self.cut, self.turn, self.sent = data, cut, False, b""

    def readinto(self, space):
        self.turn = not self.turn
        if self.turn:
            return None
        count = min(len(space), len(self.data), self.cut)
        space[:count] = self.data[:count]
        self.data = self.data[count:]
        return count

    def write(self, data):
        count = min(len(data), self.cut)
        self.sent += bytes(data[:count])
        return count

    def close(self):
        pass

    def modify(self, stream, events):
        """It is its own poller."""

    def ipoll(self, timeout_ms):
        pass


def _run(work):
    try:
        while True:
            next(work)
    except StopIteration as end:
        return end.value


def _made(data, cut=1000):
    made = connection.Connection("server", 443, None, buffer=bytearray(64))
    made.stream = made.poller = _Stream(data, cut)
    made.fresh, made.stage = True, "tls"
    return made


def _answer(data, cut, most=1000):
    made = _made(data, cut)
    return _run(made.request("GET", "/x")), bytes(_run(made.body(most))), made


def test_answers_are_the_same_however_they_are_cut():
    body = bytes([65 + number % 26 for number in range(300)])
    chunks = b"12C\r\n" + body + b"\r\n0\r\n\r\n"
    two = b"c8;a=b\r\n" + body[:200] + b"\r\n064\r\n" + body[200:] + b"\r\n0\r\nTrailer: x\r\n\r\n"
    for head, sent, stays in (
        (b"HTTP/1.1 200 OK\r\ncontent-length: 300\r\n\r\n", body, True),
        (b"HTTP/1.1 103 Early Hints\r\nA: b\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 300\r\n\r\n", body, True),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", chunks, True),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", two, True),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 300\r\nConnection: close\r\n\r\n", body, False),
        (b"HTTP/1.0 200 OK\n\n", body, False),
    ):
        for cut in (1, 2, 7, 63, 64, 65, 1000):
            status, found, made = _answer(head + sent, cut)
            assert (status, found) == (200, body), (head, cut)
            assert (made.stream is not None) == stays and not made.left


def test_the_request_is_the_same_however_it_is_cut():
    for cut in (1, 10, 600):
        made = _made(b"HTTP/1.1 204 X\r\n\r\n", cut)
        stream = made.stream
        head = lambda: ("a: ", "b" * 600, "\r\n")  # noqa: E731
        assert _run(made.request("POST", "/x?y", head, b"12345")) == 204
        expected = "POST /x?y HTTP/1.1\r\nHost: server\r\na: %s\r\nContent-Length: 5\r\n\r\n12345" % ("b" * 600)
        assert stream.sent == expected.encode()


def test_a_body_in_buffers():
    made = _made(b"HTTP/1.1 200 X\r\nContent-Length: 0\r\n\r\n")
    stream = made.stream
    assert _run(made.request("PUT", "/x", None, lambda: [memoryview(b"123"), bytearray(b"45")], 5)) == 200
    assert stream.sent.endswith(b"Content-Length: 5\r\n\r\n12345")


def test_what_is_too_much_ends_it():
    for data in (
        b"HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n\r\n" + 1001 * b"x",
        b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n1234",
        b"HTTP/1.1 200 OK\r\nContent-Length: -3\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + 300 * b"1",
        b"HTTP/1.1 200 OK\r\n" + 700 * b"A: bcdefg\r\n",
        b"HTTP/1.1 OK\r\n",
    ):
        assert "server:443: " in str(raises(ProtocolError, lambda: _answer(data, 50)))  # noqa: B023


class _Calls:
    """As far as refusal.py looks."""

    keys = print

    def __init__(self, date=None):
        self.connection = connection.Connection("server", 443, None)
        self.connection.headers = {"date": date} if date else {}


def _date(off_min):
    year, month, day, hour, minute, second, weekday = time.gmtime(time.time() + 60 * off_min)[:7]
    words = _DAYS[weekday], day, _MONTHS[month - 1], year, hour, minute, second
    return "%s, %02d %s %d %02d:%02d:%02d GMT" % words


def _message(status, body, calls):
    return raises(Rejected, lambda: refusal.document(calls, status, body)).message


def test_what_the_clock_has_to_do_with_a_refusal_is_said():
    body = b'{"message":"Forbidden"}'
    for off_min, words in ((90, "90 minutes behind"), (-90, "90 minutes ahead of"), (60 * 24 * 400, "576000 minutes")):
        found = _message(403, body, _Calls(_date(off_min)))
        number = int(words.split()[0])
        near = [words.replace(str(number), str(number + each)) in found for each in (-1, 0, 1)]
        assert found.startswith("Forbidden (the clock, ") and any(near), found
    for date in (_date(0), _date(2)):
        assert "the clock" not in _message(403, body, _Calls(date))
    for date in (None, "yesterday", "Mon, 1 Foo 2026 1:2:3 GMT", "Mon, x Jan 2026 01:02:03 GMT"):
        assert "is the clock, 2" in _message(403, body, _Calls(date))
    calls = _Calls(_date(90))
    calls.keys = None
    assert _message(403, body, calls) == "Forbidden"
    assert _message(404, body, _Calls(_date(90))) == "Forbidden"


def test_days_are_counted_over_the_ends_of_months_and_years():
    day = 24 * 60
    for before, after, days in (
        ((2024, 2, 28), (2024, 3, 1), 2), ((2025, 2, 28), (2025, 3, 1), 1), ((2025, 12, 31), (2026, 1, 1), 1),
        ((2026, 1, 31), (2026, 2, 1), 1), ((2026, 4, 30), (2026, 5, 1), 1), ((2000, 2, 28), (2000, 3, 1), 2),
        ((2100, 2, 28), (2100, 3, 1), 1), ((2025, 3, 1), (2026, 3, 1), 365),
    ):  # fmt: skip
        assert refusal.minutes(*after, 0, 0) - refusal.minutes(*before, 0, 0) == days * day


def test_what_is_no_json_is_a_proxys():
    assert "a proxy or a portal answers" in _message(502, b"<html>", _Calls())
    error = raises(ProtocolError, lambda: refusal.document(_Calls(), 200, b"<html>"))
    assert "server:443 gives no JSON with HTTP 200" in str(error)
    assert refusal.document(_Calls(), 200, b"") == {}
