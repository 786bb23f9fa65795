"""What goes wrong with an update by MQTT file stream; the same over HTTPS is in test_fota_faults.py.

MiniStack has no streams: job and stream are played on Mosquitto (jobs_service.py, streams.py).
"""

import base64
import functools
import threading
import time

import pytest
from aws_iot_tools.fota import firmware
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from aws_iot.jobs.job import OVER
from tests.harness.observer import Observer
from tests.harness.relay import Relay

from .conftest import mosquitto_site
from .jobs_service import MosquittoJobs
from .streams import Streams

pytestmark = pytest.mark.runtimes("cpython", "mp32")

_BLOCKS = {"block_bytes": 1024}  # four for a request
_AT = 20  # the request at which something happens, of some forty


@pytest.fixture
def data(application):
    """A new version that takes some forty requests."""
    return application(more={"data.bin": bytes(range(256)) * 640})


@pytest.fixture
def document(key, name):
    """The job document for these bytes in the stream."""

    def make(data):
        made = firmware.Firmware(data, "2.0.0", "files")
        return firmware.document(made, firmware.sign(made, firmware.read_key(key)), stream=name)

    return make


class StreamedUpdate:
    """Job and stream of one thing; `happens()` is called when the board has sent so many requests for blocks."""

    def __init__(self, observer, name: str, data: bytes, document: dict) -> None:
        self.jobs = MosquittoJobs(observer, name, f"{name}-1", lambda: document)
        self.happens = lambda: None
        update = self

        class Counting(Streams):
            def take(self, *words) -> None:
                if len(self.requests) == _AT:
                    update.happens()
                super().take(*words)

        self.streams = Counting(observer)
        self.streams.files[name] = {0: data}

    def ended(self) -> bool:
        return self.jobs.status in OVER


@pytest.fixture
def start_update(mosquitto, name):
    """start_update(data, document) -> StreamedUpdate"""
    with Observer(mosquitto.plain_port, client_id=f"cloud-{name}") as observer:
        yield functools.partial(StreamedUpdate, observer, name)


@pytest.fixture
def board(boards, mosquitto, name, tmp_path):
    """Makes the board: board(port=..., **settings)."""

    def make(port=None, **settings):
        site = mosquitto_site(mosquitto)
        site.port = port or site.port
        return boards(site.project(tmp_path, name), stream=_BLOCKS, **settings)

    return make


@pytest.mark.parametrize("place", [0.01, 0.5, 0.99])
def test_corrupted_byte_fails_the_job(board, start_update, data, document, place):
    at = int(len(data) * place)
    bad = data[:at] + bytes((data[at] ^ 1,)) + data[at + 1 :]
    played, device = start_update(bad, document(data)), board()
    device.run(played.ended)
    assert (played.jobs.status, played.jobs.details) == ("FAILED", {"reason": "SHA-256 is wrong"})
    assert device.versions() == ["1.0.0"]


def test_link_that_is_cut_only_delays(board, start_update, mosquitto, data, document):
    cut = threading.Event()
    with Relay(mosquitto.port) as relay:
        played, device = start_update(data, document(data)), board(port=relay.port)

        def happens():
            relay.cut()
            cut.set()

        played.happens = happens
        device.run(cut.is_set)
        time.sleep(0.5)
        relay.restore()
        device.run(played.ended)
    assert (played.jobs.status, played.jobs.details) == ("SUCCEEDED", {"version": "2.0.0"})
    assert device.versions() == ["1.0.0", "2.0.0"]
    first = [request["o"] for request in played.streams.requests]
    assert min(first[_AT + 1 :]) > 0, "it goes on where it was cut"


def test_canceled_job_leaves_the_old_version(board, start_update, data, document):
    played, device = start_update(data, document(data)), board()
    played.happens = functools.partial(setattr, played.jobs, "status", "CANCELED")
    device.run(lambda: device.told("error"))
    assert device.told("error") == ["canceled"]
    assert not any((device.folder / "fota/a").iterdir())
    assert device.versions() == ["1.0.0"]


def test_job_of_freertos_by_stream(board, start_update, data, key, name):
    """As create-ota-update makes it for the protocol MQTT; both protocols, with a URL too: the stream is taken."""
    made = firmware.read_key(key).sign(data, ec.ECDSA(hashes.SHA256()))
    file = {
        "filepath": "/firmware.bin", "filesize": len(data), "fileid": 0, "certfile": "/cert.pem", "fileType": 101,
        "update_data_url": "https://localhost:1/", "sig-sha256-ecdsa": base64.b64encode(made).decode(),
    }  # fmt: skip
    played = start_update(data, {"afr_ota": {"protocols": ["MQTT", "HTTP"], "streamname": name, "files": [file]}})
    device = board()
    device.run(played.ended)
    assert (played.jobs.status, played.jobs.details) == ("SUCCEEDED", {"version": "2.0.0"})
    assert device.versions() == ["1.0.0", "2.0.0"]
    assert len(played.streams.requests) > _AT
