"""HttpsSource by real TLS: whole files, parts of them, and what servers and networks do instead."""

import contextlib
import hashlib
import random
import socket
import threading
import time

import pytest

from .conftest import mosquitto_site
from .files import Files
from .process import Raised

_HEAP = {"cpyt": None, "mp64": "256k", "mp32": "128k"}  # with room for the agent and its compiler
_SIZE = 70_001
_FETCH = """
from hashlib import sha256
from aws_iot.web.https import HttpsSource
def fetch(url, offset=0, **options):
    options.setdefault('cacert', ca)
    source = HttpsSource(url, size, **options)
    digest, total, steps = sha256(), 0, 0
    for part in source.fetch(offset):
        steps += 1
        if part is not None and part is not True:
            digest.update(part)
            total += len(part)
    return [total, ''.join(['%02x' % byte for byte in digest.digest()])]
"""


class Dripping:
    """A server that sends its answer a byte at a time, with a pause before each."""

    def __init__(self, answer, pause_s):
        self.answer, self.pause_s = answer, pause_s
        self.listener = socket.create_server(("127.0.0.1", 0))

    def __enter__(self):
        threading.Thread(target=self._serve, daemon=True).start()
        return self.listener.getsockname()[1]

    def __exit__(self, *_):
        self.listener.close()

    def _serve(self):
        link, _ = self.listener.accept()
        with link, contextlib.suppress(OSError):  # the other end gives up
            for byte in self.answer:
                time.sleep(self.pause_s)
                link.send(bytes((byte,)))


@pytest.fixture
def data():
    return random.Random(5).randbytes(_SIZE)


@pytest.fixture
def files(authority, tmp_path, data):
    with Files(authority.issue("localhost", hosts=("localhost",)), tmp_path) as server:
        server.content["/image"] = data
        yield server


@pytest.fixture
def device(mosquitto, devices, name, tmp_path, authority):
    made = devices(mosquitto_site(mosquitto).project(tmp_path, name), heap=_HEAP[name[:4]])
    made.ask(f"size, ca = {_SIZE}, {authority.pem()!r}\n{_FETCH}")
    return made


def _whole(data, offset=0):
    return [len(data) - offset, hashlib.sha256(data[offset:]).hexdigest()]


def _refused(device, call, kind, text):
    with pytest.raises(Raised) as raised:
        device.ask(call, 90)
    assert raised.value.kinds[0] == kind
    assert text in raised.value.text
    return raised.value


def test_file_arrives_whole_in_any_buffer(device, files, data):
    url = files.url("/image", "X-Amz-Signature=" + "a" * 900)
    for size in (64, 512, 2048):
        assert device.ask(f"fetch('{url}', buffer=bytearray({size}))") == _whole(data)


def test_fetching_goes_on_from_any_offset(device, files, data):
    for offset in (1, 30_000, _SIZE - 1):
        assert device.ask(f"fetch('{files.url('/image')}', {offset})") == _whole(data, offset)
    assert files.requests[-1] == ("/image", f"bytes={_SIZE - 1}-")


def test_server_without_range_is_read_from_the_start(device, files, data):
    files.ranges = False
    assert device.ask(f"fetch('{files.url('/image')}', 30000)") == _whole(data, 30_000)


def test_redirect_is_followed_and_a_circle_is_not(device, files, data):
    files.redirects["/moved"] = files.url("/image")
    assert device.ask(f"fetch('{files.url('/moved')}')") == _whole(data)
    files.redirects["/image"] = files.url("/moved")
    _refused(device, f"fetch('{files.url('/moved')}')", "ProtocolError", "too many redirects")


def test_redirect_away_from_tls_is_refused(device, files):
    files.redirects["/image"] = f"http://localhost:{files.port}/image"
    _refused(device, f"fetch('{files.url('/image')}')", "ProtocolError", "from https:// to http://")


def test_redirects_are_followed_as_they_are_written(device, files, data):
    files.content["/a/image"] = data
    for target in ("/image", "image", "../x/../image", f"HTTPS://LOCALHOST:{files.port}/image", "/image#part"):
        files.redirects["/a/b"] = target
        assert device.ask(f"fetch('{files.url('/a/b')}')") == _whole(data), target


def test_redirect_that_leads_nowhere_is_told(device, files):
    files.redirects["/image"] = ""
    _refused(device, f"fetch('{files.url('/image')}')", "ProtocolError", "does not say where")


def test_head_that_drips_is_given_up_in_time(device):
    with Dripping(b"HTTP/1.1 200 OK\r\nContent-Length: 70001\r\n\r\n", 0.3) as port:
        url = f"http://localhost:{port}/image"
        _refused(device, f"fetch('{url}', plain=True, timeout_ms=2000)", "ResponseTimeout", "server")


def test_device_certificate_is_shown_to_aws_only(device, authority):
    device.ask("from aws_iot.web.https import HttpsSource\nshared = object()")
    for host, shared in (
        ("s3.eu-west-1.amazonaws.com", True), ("b.S3.cn-north-1.amazonaws.com.cn", True), ("amazonaws.com", False),
        ("amazonaws.com.example", False), ("eamazonaws.com", False), ("localhost", False),
    ):  # fmt: skip
        device.ask(f"source = HttpsSource('https://{host}/x', 70001, ssl=shared)")
        assert device.ask(f"source.prepare({host.lower()!r}) is shared") is shared, host
        assert device.ask("source.prepare('other.example') is shared") is False
    device.ask("source = HttpsSource('https://s3.amazonaws.com/x', 70001, ssl=shared, cacert=ca)")
    assert device.ask("source.prepare('s3.amazonaws.com') is shared") is False


def test_certificate_of_another_host_or_authority_is_refused(device, files, authority, tmp_path):
    _refused(device, f"fetch('{files.url('/image')}', cacert=None)", "ProtocolError", "localhost: ")
    with Files(authority.issue("other", hosts=("other.example",)), tmp_path) as other:
        _refused(device, f"fetch('{other.url('/image')}')", "ProtocolError", "localhost: ")


def test_status_is_told(device, files):
    files.expired.add("old")
    assert _refused(device, f"fetch('{files.url('/image', 'old')}')", "Rejected", "403").code == 403
    assert _refused(device, f"fetch('{files.url('/none')}')", "Rejected", "404").code == 404


def test_connection_that_is_cut_is_a_link_error(device, files):
    for cut in (0, 1, 40_000):
        files.cuts = [cut]
        _refused(device, f"fetch('{files.url('/image')}')", "LinkError", "download")


def test_server_that_stalls_is_given_up_in_time(device, files):
    files.cuts, files.stall_s = [20_000], 30
    _refused(device, f"fetch('{files.url('/image')}', timeout_ms=4000)", "ResponseTimeout", "server")


def test_server_that_never_shakes_hands_is_given_up_in_time(device):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"https://localhost:{silent.getsockname()[1]}/image"
        _refused(device, f"fetch('{url}', timeout_ms=500)", "ResponseTimeout", "TLS")


def test_nobody_there_is_a_link_error(device):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    _refused(device, f"fetch('https://localhost:{port}/image')", "LinkError", "download")


def test_host_without_address_is_a_link_error(device):
    _refused(device, "fetch('https://no-such-host.invalid/image')", "LinkError", "download")


def test_size_that_is_not_the_announced_one_is_refused(device, files, data):
    files.content["/image"] = data + b"x"
    _refused(device, f"fetch('{files.url('/image')}')", "ProtocolError", "has not the 70001 bytes")


@pytest.mark.parametrize(
    "header",
    [("Transfer-Encoding", "chunked"), ("X-Long", "x" * 9000), ("Content-Length", "many")],
    ids=["chunked", "long", "length"],
)
def test_headers_that_cannot_be_are_refused(device, files, header):
    files.headers.append(header)
    _refused(device, f"fetch('{files.url('/image')}')", "ProtocolError", "")


def test_plain_http_is_taken_only_when_allowed(device, data):
    with Files() as plain:
        plain.content["/image"] = data
        _refused(device, f"fetch('{plain.url('/image')}')", "ValueError", "not an https:// URL")
        assert device.ask(f"fetch('{plain.url('/image')}', plain=True)") == _whole(data)


def test_what_is_no_url_is_refused(device):
    for url in ("", "ftp://x/y", "https://", "https://user@host/", "https://host/a b"):
        _refused(device, f"fetch({url!r})", "ValueError", "URL")
