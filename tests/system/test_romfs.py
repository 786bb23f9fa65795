"""A thing on 32-bit MicroPython whose library is in a ROMFS image outside of the heap, against MiniStack."""

import pytest

from tests.harness.romfs import InRom

from .conftest import desire, ministack_site, reported
from .process import Device

pytestmark = pytest.mark.runtimes("mp32")

_DELTA = "thing.on_shadow_request(lambda state: emit('delta', state=state) or state)"


@pytest.fixture(scope="module")
def in_rom(tmp_path_factory):
    return InRom(tmp_path_factory.mktemp("romfs"))


@pytest.fixture
def device(in_rom, ministack, name, tmp_path):
    with Device(in_rom, ministack_site(ministack).project(tmp_path, name)) as running:
        yield running


def test_everything_is_imported_from_the_image(device):
    files = device.ask("__import__('aws_iot').__file__, __import__('aws_iot.mqtt.loss').mqtt.loss.__file__")
    assert all(file.startswith("/rom/lib/aws_iot/") for file in files), files


def test_delta_is_heard_and_reported(device, cloud, name):
    device.ask(_DELTA)
    desire(cloud, name, {"period": 7})
    assert device.expect("delta")["state"] == {"period": 7}
    reported(cloud, name, {"period": 7})


def test_job_is_run(device, name, create, outcome):
    device.ask("from aws_iot.jobs import Jobs\nJobs(thing).handle('blink', lambda job: emit('blinks', id=job.id))")
    create(f"{name}-1", {"operation": "blink"})
    assert device.expect("blinks")["id"] == f"{name}-1"
    assert outcome(f"{name}-1")[0] == "SUCCEEDED"
