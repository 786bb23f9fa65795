"""Files over MQTT: our StreamSource on Mosquitto, where tests/system/streams.py plays AWS's file delivery."""

import hashlib
import random

import pytest

from tests.harness.observer import Observer
from tests.harness.relay import Relay

from .conftest import Site, mosquitto_site
from .process import Raised
from .streams import Streams

_HEAP = {"cpyt": None, "mp64": "256k", "mp32": "128k"}  # with room for the agent and its compiler
_SIZE = 100_001  # the last block is short
_FETCH = """
from hashlib import sha256
from aws_iot.fota.streams import StreamSource
def fetch(offset=0, **options):
    global source
    source = StreamSource(thing, name, 0, size, **options)
    digest, total = sha256(), 0
    for part in source.fetch(offset):
        if part is None or part is True:
            thing.poll(0 if part else 20)
        else:
            digest.update(part)
            total += len(part)
    return [total, ''.join(['%02x' % byte for byte in digest.digest()])]
"""


@pytest.fixture
def data():
    return random.Random(3).randbytes(_SIZE)


@pytest.fixture
def streams(mosquitto, name, data):
    with Observer(mosquitto.plain_port, client_id=f"streams-{name}") as observer:
        played = Streams(observer)
        played.files[name] = {0: data}
        yield played


@pytest.fixture
def device(mosquitto, devices, name, tmp_path):
    made = devices(mosquitto_site(mosquitto).project(tmp_path, name), heap=_HEAP[name[:4]])
    made.ask(f"name, size = '{name}', {_SIZE}\n{_FETCH}")
    return made


def _whole(data, offset=0):
    return [len(data) - offset, hashlib.sha256(data[offset:]).hexdigest()]


@pytest.mark.parametrize("form", ["cbor", "json"])
def test_file_arrives_whole(streams, device, data, form):
    assert device.ask(f"fetch(form='{form}', retry_ms=60000)", 120) == _whole(data)
    request = streams.requests[0]
    assert (request["f"], request["l"], request["o"], request["n"]) == (0, 1024, 0, 4)
    assert request["b"] == ("0x0f" if form == "json" else b"\x0f")
    assert device.ask("source.repeated") == 0


def test_lost_blocks_are_asked_for_again_alone(streams, device, data):
    streams.lose = 0.2
    assert device.ask("fetch(retry_ms=100)", 120) == _whole(data)
    again = [request for request in streams.requests if len(request["b"]) == 1 and request["b"] != b"\x0f"]
    assert len(again) > 5
    for request in again:
        assert request["n"] == bin(request["b"][0]).count("1")


def test_repeated_and_reordered_blocks_change_nothing(streams, device, data):
    streams.repeat, streams.shuffle = 0.5, True
    assert device.ask("fetch()", 120) == _whole(data)
    assert device.ask("source.repeated") > 5


def test_fetching_goes_on_from_any_offset(device, streams, data):
    for offset in (1, 2048, 50_000, _SIZE - 1):
        assert device.ask(f"fetch({offset})", 120) == _whole(data, offset)


def test_small_and_large_blocks(device, streams, data):
    for block, window in ((256, 1), (4096, 2), (1024, 8)):
        assert device.ask(f"fetch(block_bytes={block}, buffer=bytearray({block * window}))", 120) == _whole(data)


def test_stream_that_never_answers_is_given_up(device, streams):
    streams.silent = True
    with pytest.raises(Raised, match="ResponseTimeout: no block of the stream"):
        device.ask("fetch(retry_ms=50)", 120)
    device.ask("thing.subscribe('after', print)")  # what was sent before its SUBACK, the broker has
    assert len(streams.all_requests()) == 6


def test_refusal_is_told(device, streams):
    streams.files.clear()
    with pytest.raises(Raised, match="Rejected") as raised:
        device.ask("fetch()")
    assert raised.value.code == "ResourceNotFound"


@pytest.mark.parametrize("answer", [b"\xa0", b"\x00garbage", b"\xa4\x61f\x00\x61i\x00\x61l\x05\x61p\x43abc"])
def test_what_is_no_block_is_an_error(device, streams, name, mosquitto, answer):
    streams.silent = True
    device.ask("import aws_iot.fota.streams")
    with Observer(mosquitto.plain_port, client_id=f"liar-{name}") as liar:
        device.send('"fetch()"')
        while not streams.requests:
            device.settle(0.02)
        liar.publish(f"$aws/things/{name}/streams/{name}/data/cbor", answer)
    assert device.expect("raised")["kinds"][0] == "ProtocolError"


def test_download_survives_a_link_that_is_cut(mosquitto, devices, name, tmp_path, data, streams):
    site = mosquitto_site(mosquitto)
    with Relay(mosquitto.port) as relay:
        project = Site(relay.port, site.ca, site.identify).project(tmp_path, name)
        device = devices(project, heap=_HEAP[name[:4]], sleepless=True)
        device.ask(f"name, size = '{name}', {_SIZE}\n{_FETCH}")
        device.send('"fetch(buffer=bytearray(1024))"')
        for cut in range(3):
            while len(streams.requests) < 8 * (cut + 1):
                device.settle(0.01)
            relay.cut()
            device.expect("disconnected")
            relay.restore()
            device.expect("ready")
        assert device.expect("answer", 120)["value"] == _whole(data)
