"""Fixtures of all tests: runtimes, brokers, the local AWS. A part that is missing fails a test, it never skips one."""

import compileall
import re
import signal
import sys
from collections import Counter
from pathlib import Path

import hypothesis
import pytest
from aws_iot_tools import journal
from aws_iot_tools.dev import distribution

from .harness import ROOT, pairs, umqtt_versions
from .harness.certificates import Authority
from .harness.device_tests import DeviceFile, DeviceTest
from .harness.ministack import MiniStack
from .harness.mosquitto import Mosquitto
from .harness.runtimes import RUNTIMES

# here and not when pytest is configured: the conftest.py of a folder that is named to pytest is loaded before that, and
# what it imports would find no umqtt.simple
sys.path.insert(0, str(umqtt_versions.folder()))

# hypothesis would judge what a busy machine did
hypothesis.settings.register_profile("busy", deadline=None)
hypothesis.settings.load_profile("busy")

_DEVICE_TESTS = Path(__file__).parent / "device"
_COMPILED = (ROOT / "aws_iot", ROOT / "tools", ROOT / "tests")
# Files with tests of 15 s and more.
_LONG = (
    "test_fota_memory", "test_killed", "test_role_alias", "test_walkthrough", "test_mip", "test_demo", "test_flash",
    "test_selftest", "test_distribution", "test_rules", "test_para_api", "test_para_killed",
)  # fmt: skip
# What depends on the interpreter or on umqtt.simple: beside tests/device these are run on every pair.
_ON_EVERY_PAIR = [
    Path(__file__).parent / "system" / f"test_{name}.py" for name in ("mqtt", "shadow", "tls", "streams", "jobs")
]
_NOT_COMPILED = re.compile("/template/")  # what is in it is copied into projects


def pytest_addoption(parser):
    words = "only on this runtime (cpython, mp64, mp32); tests that name none count as mp32's"
    parser.addoption("--runtime", action="append", choices=list(RUNTIMES), help=words)


def pytest_report_header():
    return pairs.described()


def pytest_configure(config):
    _give_ctrl_c_its_meaning()
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
    if config.getoption("runtime"):
        _keep(config, items)
    if hasattr(config, "workerinput"):
        _spread(items)


def _keep(config, items):
    """Deselect what is not for the runtimes that were asked for."""
    asked = config.getoption("runtime")
    left = [item for item in items if _runtime(item) not in asked]
    if left:
        config.hook.pytest_deselected(items=left)
        items[:] = [item for item in items if _runtime(item) in asked]


def _runtime(item) -> str:
    if isinstance(item, DeviceTest):
        return item.runtime.name
    parameters = item.callspec.params if hasattr(item, "callspec") else {}
    runtime = parameters.get("runtime") or parameters.get("_runs_on") or "mp32"
    return getattr(runtime, "name", runtime)


def _spread(items):
    """For workers: the long tests first, so that none of them is left to run alone at the end; then those of each file
    evenly over the run, so that what waits goes side by side with what computes, and the fault suite not with itself.
    """
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
        metafunc.parametrize("runtime", list(_runtimes(metafunc.definition)), ids=str)
    elif metafunc.definition.path.parent == _DEVICE_TESTS:
        metafunc.fixturenames.append("_runs_on")
        metafunc.parametrize("_runs_on", ["cpython"])


def _runtimes(definition):
    marker, needs = definition.get_closest_marker("runtimes"), definition.get_closest_marker("needs")
    beside = pairs.beside() if definition.path in _ON_EVERY_PAIR else ()
    for runtime in (*RUNTIMES.values(), *beside):
        if (not marker or runtime.name in marker.args) and (not needs or runtime.has(*needs.args)):
            yield runtime


@pytest.fixture(scope="session")
def authority() -> Authority:
    return Authority()


@pytest.fixture(scope="session")
def built(tmp_path_factory, worker_id) -> tuple:
    """(sdist, wheel) of this checkout; the first of the workers that wants them builds them for all."""
    base = tmp_path_factory.getbasetemp()
    folder = (base if worker_id == "master" else base.parent) / "distribution"
    with journal.lock(folder.with_suffix(".lock"), wait=True):
        if not folder.exists():
            making = folder.with_suffix(".new")
            making.mkdir(exist_ok=True)
            distribution.build(making)
            making.rename(folder)
    sdist, wheel = sorted(folder.iterdir(), key=lambda path: path.suffix)
    return sdist, wheel


def _broker(tmp_path_factory, authority, tls):
    broker = Mosquitto(tmp_path_factory.mktemp("mosquitto"), authority, tls)
    broker.start()
    yield broker
    broker.stop()


@pytest.fixture(scope="session")
def mosquitto(tmp_path_factory, authority):
    """Mosquitto with mutual TLS, the newest that both know.

    Tests share it, so they use topics and client ids of their own.
    """
    yield from _broker(tmp_path_factory, authority, "1.3")


@pytest.fixture(scope="session")
def mosquitto_tls12(tmp_path_factory, authority):
    """Mosquitto with mutual TLS 1.2, as boards speak it."""
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
