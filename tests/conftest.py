"""Fixtures of all tests: runtimes, brokers, the local AWS. A part that is missing fails a test, it never skips one."""

import signal
from pathlib import Path

import pytest

from .harness.certificates import Authority
from .harness.device_tests import DeviceFile
from .harness.ministack import MiniStack
from .harness.mosquitto import Mosquitto
from .harness.runtimes import RUNTIMES

_DEVICE_TESTS = Path(__file__).parent / "device"


def pytest_configure():
    """Ctrl-C ends what the tests start, also where a shell that ran them in the background had it ignored."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collect_file(file_path, parent):
    if file_path.parent == _DEVICE_TESTS and file_path.name.startswith("test_") and file_path.suffix == ".py":
        return DeviceFile.from_parent(parent, path=file_path)
    return None


def pytest_generate_tests(metafunc):
    """The runtimes of a test that takes `runtime`; tests of tests/device show the one that pytest itself runs on."""
    if "runtime" in metafunc.fixturenames:
        marker = metafunc.definition.get_closest_marker("runtimes")
        names = marker.args if marker else list(RUNTIMES)
        metafunc.parametrize("runtime", [RUNTIMES[name] for name in names], ids=names)
    elif metafunc.definition.path.parent == _DEVICE_TESTS:
        metafunc.fixturenames.append("_runs_on")
        metafunc.parametrize("_runs_on", ["cpython"])


@pytest.fixture(scope="session")
def authority() -> Authority:
    return Authority()


def _broker(tmp_path_factory, authority, tls):
    broker = Mosquitto(tmp_path_factory.mktemp("mosquitto"), authority, tls)
    broker.start()
    yield broker
    broker.stop()


@pytest.fixture(scope="session")
def mosquitto(tmp_path_factory, authority):
    """Mosquitto with mutual TLS 1.3; tests share it, so they use topics and client ids of their own."""
    yield from _broker(tmp_path_factory, authority, "1.3")


@pytest.fixture(scope="session")
def mosquitto_tls12(tmp_path_factory, authority):
    """Mosquitto with mutual TLS 1.2, as an ESP32 speaks it."""
    yield from _broker(tmp_path_factory, authority, "1.2")


@pytest.fixture(scope="session")
def ministack(tmp_path_factory):
    """The local AWS with policies enforced; tests share it, so they use things of their own."""
    cloud = MiniStack(tmp_path_factory.mktemp("ministack"))
    cloud.start()
    yield cloud
    cloud.stop()
