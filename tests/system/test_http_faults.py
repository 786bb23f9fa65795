"""What a HTTPS server says or does instead of AWS: each has its words, its time and bounded memory."""

import contextlib
import json
import socket
import threading
import time

import pytest

from tests.harness import HANG_S
from tests.harness.board_tls import server_context
from tests.harness.project import write_project

from .process import Raised

_HEAPS = {"cpython": None, "mp64": "280k", "mp32": "160k"}  # the agent is compiled in it
_OK = b"HTTP/1.1 200 OK\r\nContent-Length: 15\r\n\r\n" + b'{"version": 12}'
_HEAD = b"HTTP/1.1 200 OK\r\n"
_CHUNKS = b"5;a=b\r\n{\"ver\r\n00A\r\nsion\": 34}\r\n0\r\nA: b\r\n\r\n"


def _error(status, words=b"{}", headers=b""):
    return b"HTTP/1.1 %d X\r\nContent-Length: %d\r\n%s\r\n%s" % (status, len(words), headers, words)


class Scripted:
    """A HTTPS server that has one answer for each request: bytes, None (it closes), or a function of the socket."""

    def __init__(self, identity, folder):
        self._context = server_context()
        self._context.load_cert_chain(*identity.write(folder, "scripted"))
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.answers = []
        self.requests = []  # (when, request line, body)
        self.handshakes = 0

    def __enter__(self):
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_):
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)  # wakes accept() up
        self._listener.close()

    def _accept(self):
        while True:
            try:
                link, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(link,), daemon=True).start()

    def _serve(self, link):
        with contextlib.suppress(OSError), self._context.wrap_socket(link, server_side=True) as tls:
            self.handshakes += 1
            lines = tls.makefile("rb")
            while request := lines.readline():
                size = 0
                while line := lines.readline().strip():
                    if line.lower().startswith(b"content-length:"):
                        size = int(line.split(b":")[1])
                self.requests.append((time.monotonic(), request.decode().strip(), lines.read(size)))
                answer = self.answers.pop(0) if self.answers else _OK
                if answer is None:
                    return
                if callable(answer):
                    answer(tls)
                else:
                    tls.sendall(answer)


@pytest.fixture
def server(authority, tmp_path):
    with Scripted(authority.issue("scripted", hosts=["localhost"]), tmp_path) as scripted:
        yield scripted


@pytest.fixture
def device(devices, server, authority, name, tmp_path, runtime):
    """A device with a certificate that calls the scripted server, and has 3 s for a call."""
    identity = authority.issue(name)
    folder = tmp_path / name
    conf = write_project(folder, name, server.port, identity.certificate_pem(), identity.key_pem(), authority.pem())
    fields = json.loads(conf.read_text())
    conf.write_text(json.dumps({**fields, "door": "https", "endpoint": "localhost", "port": server.port}))
    return devices(conf, idle=True, heap=_HEAPS[runtime.name], timeout_ms=3000)


def _refused(device, kind):
    with pytest.raises(Raised) as refused:
        device.ask("thing.http.get()")
    assert refused.value.kinds[0] == kind, refused.value.text
    return refused.value


def _endless(link):
    with contextlib.suppress(OSError):
        link.sendall(_HEAD)
        while True:
            link.sendall(b"X-Filler: %s\r\n" % (b"y" * 100))


def _dripping(link):
    with contextlib.suppress(OSError):
        for byte in _HEAD + b"A: b\r\n" * 1000:
            link.send(bytes((byte,)))
            time.sleep(0.05)


def _large(link):
    with contextlib.suppress(OSError):
        link.sendall(_HEAD + b"Content-Length: 100000000\r\n\r\n{")
        for _ in range(1000):
            link.sendall(b" " * 100_000)


def _large_refusal(link):
    with contextlib.suppress(OSError):
        link.sendall(b"HTTP/1.1 403 X\r\nContent-Length: 100000000\r\n\r\n")
        for _ in range(1000):
            link.sendall(b" " * 100_000)


def _large_chunks(link):
    with contextlib.suppress(OSError):
        link.sendall(_HEAD + b"Transfer-Encoding: chunked\r\n\r\n")
        for _ in range(1000):
            link.sendall(b"186a0\r\n" + b" " * 100_000 + b"\r\n")


@pytest.mark.parametrize(
    ("answer", "kind", "words"),
    [
        (_HEAD + b"Content-Length: 23\r\n\r\n<html>log in first</htm>"[:-1], "ProtocolError", "a proxy or a portal"),
        (_error(407, b"<html>proxy"), "Rejected", "a proxy or a portal answers in AWS's place? It says b'<html>proxy'"),
        (b"220 mail.example.com ESMTP\r\n", "ProtocolError", "not HTTP"),
        (_endless, "ProtocolError", "HTTP headers too long"),
        (_dripping, "ResponseTimeout", "no answer from localhost:"),
        (_large, "ProtocolError|StateError", "an answer of over 180000 bytes|no memory for the answer"),
        (_large_chunks, "ProtocolError|StateError", "an answer of over 180000 bytes|no memory for the answer"),
        (lambda link: time.sleep(6), "ResponseTimeout", "no answer from localhost:"),
        (_HEAD + b"Transfer-Encoding: chunked\r\n\r\nxyz\r\n", "ProtocolError", "a chunk without its size"),
        (_HEAD + b"Content-Length: 9999\r\n\r\n{", "ResponseTimeout", "no answer from localhost:"),
        (_error(404, b'{"message":"No shadow exists"}'), "Rejected", "No shadow exists"),
    ],
)  # fmt: skip
def test_what_is_no_answer_of_aws_has_its_words(device, server, answer, kind, words):
    server.answers.append(answer)
    with pytest.raises(Raised) as refused:
        device.ask("thing.http.get()")
    assert refused.value.kinds[0] in kind.split("|"), refused.value.text
    assert any(each in refused.value.text for each in words.split("|")), refused.value.text
    assert device.ask("thing.http.get()") == {"version": 12}  # the next call begins anew


@pytest.mark.parametrize(
    ("answer", "words"),
    [(_large_refusal, "no S3, or a proxy answers in its place"), (_endless, "HTTP headers too long")],
)
def test_what_is_no_answer_of_s3_has_its_words(device, server, answer, words):
    server.answers.append(answer)
    keys = "lambda: ('AKIDEXAMPLE', 'secret', None)"
    device.ask(f"from aws_iot import web\ns3 = web.s3.S3(thing, {keys}, region='x', server='localhost:{server.port}')")
    with pytest.raises(Raised) as refused:
        device.ask("s3.get('bucket', 'key', None)")
    assert refused.value.kinds[0] == "ProtocolError" and words in refused.value.text, refused.value.text


def test_chunks_are_read_however_they_come(device, server):
    def drip(link):
        for byte in _HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + _CHUNKS:
            link.send(bytes((byte,)))

    server.answers += [drip, drip]
    assert device.ask("thing.http.get()") == {"version": 34}
    assert device.ask("thing.http.get()") == {"version": 34}
    assert server.handshakes == 1


def test_what_is_busy_is_asked_again_later_and_at_last_told(device, server):
    server.answers += [_error(429), _error(503, b"<html>busy"), _error(500)]
    assert device.ask("thing.http.get(timeout_ms=30000)") == {"version": 12}
    assert len(server.requests) == 4 and server.handshakes < 4  # on a busy machine an answer may be late
    server.answers += 50 * [_error(503, b'{"message":"slow down"}')]
    refused = _refused(device, "Rejected")
    assert refused.code == 503 and "slow down" in refused.text
    assert len(server.requests) < 20


def test_a_connection_that_ends_between_calls_or_in_one_is_made_again(device, server):
    server.answers += [_OK, None, _OK]
    assert device.ask("thing.http.get()") == {"version": 12}
    assert device.ask("thing.http.update({'a': 1})") == {"version": 12}  # closed without an answer: sent once more
    assert server.handshakes == 2 and server.requests[1][1:] == server.requests[2][1:]
    server.answers += [None, None]
    assert "closed before the end of its answer" in _refused(device, "LinkError").text
    server.answers += [_HEAD + b"Connection: close\r\nContent-Length: 2\r\n\r\n{}"]
    assert device.ask("thing.http.get()") == {}
    assert device.ask("thing.http.get()") == {"version": 12}


def test_a_server_that_is_not_there_or_not_the_one_is_told(device, server, devices):
    server.__exit__()
    assert "cannot be reached: refused" in _refused(device, "LinkError").text


def test_poll_goes_on_while_a_call_waits(device, server):
    server.answers.append(lambda link: (time.sleep(1), link.sendall(_OK)))
    device.ask("TURNS = [0]\nwork = thing.http.asking('GET', '/things/x/shadow')")
    device.ask("for _ in work: TURNS[0] += 1", HANG_S)
    assert device.ask("TURNS[0]") > 20


def test_a_report_that_finds_aws_busy_is_not_lost(device, server):
    """Nobody hears of the refusal of a report, as over MQTT: so it is sent until AWS has it."""
    server.answers += [_OK, _error(503), _error(503), _error(503), _error(503), _error(503)]
    device.ask("idle = None\nthing.connect()\nthing.report({'a': 1})\nuntil(settled)")
    bodies = [body for _, line, body in server.requests if line.startswith("POST")]
    assert len(bodies) > 1 and {str(json.loads(body)) for body in bodies} == {"{'state': {'reported': {'a': 1}}}"}
