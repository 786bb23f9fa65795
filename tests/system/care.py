"""What a device tells of itself, as it comes to the local AWS, by whatever door."""

import time

from tests.harness import HANG_S
from tests.harness.observer import Observer
from tests.harness.project import write_project

from .conftest import EVERYTHING, document


def health(cloud, name: str, **members) -> dict:
    """What is reported in the shadow ``health``, once it has these members."""
    deadline = time.monotonic() + HANG_S
    found = None
    while time.monotonic() < deadline:
        try:
            found = document(cloud, name, "health")["state"].get("reported", {})
        except cloud.exceptions.ResourceNotFoundException:
            found = {}
        if found and all(found.get(key) == value for key, value in members.items()):
            return found
        time.sleep(0.05)
    raise AssertionError(found)


def assert_told(device, ministack, name: str, folder) -> None:
    """Health and what is written: both begin, and come."""
    spy = f"{name}-spy"
    thing = ministack.make_thing(spy, EVERYTHING)
    write_project(folder / spy, spy, 0, thing.certificate, thing.key, ministack.ca)
    files = [folder / spy / file for file in ("ca.pem", "certificate.pem.crt", "private.pem.key")]
    with Observer(ministack.port, f"dt/{name}/log", client_id=spy, files=files) as observer:
        device.ask("log = thing.log(period_s=0.1)")
        device.ask("print('hello', 1, file=log)")
        assert observer.expect(f"dt/{name}/log").payload == b"hello 1\n"
    device.ask("health = thing.health('1', path=None)")
    assert health(ministack.client("iot-data"), name, version="1")["queue"] == 0
