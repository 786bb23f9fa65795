"""Fixtures of all tests: runtimes, brokers, the local AWS. A part that is missing fails a test, it never skips one."""

import compileall
import re
import signal
import sys
from collections import Counter
from pathlib import Path

import pytest

from .harness import ROOT, umqtt_versions
from .harness.certificates import Authority
from .harness.device_tests import DeviceFile
from .harness.ministack import MiniStack
from .harness.mosquitto import Mosquitto
from .harness.runtimes import RUNTIMES

_DEVICE_TESTS = Path(__file__).parent / "device"
_COMPILED = (ROOT / "aws_iot", ROOT / "tools", ROOT / "tests")
# Files with tests of 15 s and more.
_LONG = ("test_fota_memory", "test_killed", "test_walkthrough", "test_mip", "test_demo", "test_flash")
_NOT_COMPILED = re.compile("/template/")  # what is in it is copied into projects


def pytest_configure(config):
    _give_ctrl_c_its_meaning()
    sys.path.insert(0, str(umqtt_versions.folder()))
    sys.dont_write_bytecode = False  # of the tests, whose asserts each worker would rewrite anew
    if not hasattr(config, "workerinput"):
        _compile_ahead()


def _give_ctrl_c_its_meaning():
    """Ctrl-C ends what the tests start, also where a shell that ran them in the background had it ignored."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def _compile_ahead():
    """Where PYTHONDONTWRITEBYTECODE is set, each of the thousand processes would compile what it imports anew."""
    for folder in (*_COMPILED, umqtt_versions.folder()):
        compileall.compile_dir(folder, quiet=2, rx=_NOT_COMPILED)


def pytest_collection_modifyitems(config, items):
    """For workers: the long tests first, so that none of them is left to run alone at the end; then those of each file
    evenly over the run, so that what waits goes side by side with what computes, and the fault suite not with itself.
    """
    if not hasattr(config, "workerinput"):
        return
    number, seen = Counter(item.path for item in items), Counter()

    def place(item):
        seen[item.path] += 1
        return item.path.stem not in _LONG, seen[item.path] / number[item.path]

    items.sort(key=place)


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
    """The local AWS with policies enforced; tests share it, so they use things of their own.

    A P-256 authority of its own signs its certificates: half of the time, and the walk-through and the demo keep RSA.
    """
    cloud = MiniStack(tmp_path_factory.mktemp("ministack"), Authority())
    cloud.start()
    yield cloud
    cloud.stop()
