"""aws_iot as `pip install` leaves it: in an environment that holds nothing else, not even umqtt.simple."""

import inspect
import json
import os
import shutil
import subprocess
import sys
import venv
import zipfile

import pytest

from aws_iot import _cpython
from tests.harness import ROOT
from tests.harness.observer import Observer

from .conftest import mosquitto_site

pytestmark = pytest.mark.runtimes("cpython")

_SOURCES = ("aws_iot", "tools", "pyproject.toml", "README.md", "LICENSE")
_PROGRAM = """
import sys
from aws_iot import LinkError, Thing
import aws_iot

assert aws_iot.__file__.startswith(sys.prefix), aws_iot.__file__
try:
    import umqtt
except ImportError:
    pass
else:
    raise AssertionError(umqtt.__file__)

topic = sys.argv[1]
heard = []
thing = Thing.from_config("thing.conf.json", timeout_ms=60000)
thing.mqtt.set_last_will(topic + "/will", "gone", qos=1)
thing.mqtt.set_callback(lambda topic, payload: heard.append((topic, payload)))
thing.subscribe(topic + "/down", lambda topic, payload: heard.append((topic, payload)))
thing.connect()
thing.mqtt.subscribe(topic + "/other")
thing.publish(topic + "/up", {"alive": True}, qos=1)
thing.mqtt.until(lambda: len(heard) == 2, 60000)
print(sorted(heard, key=str))
thing.mqtt.stream.close()  # without DISCONNECT: the will is published
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """The wheel of a checkout as it is, built where no earlier build has left anything."""
    source = tmp_path_factory.mktemp("source")
    for name in _SOURCES:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copyfile(ROOT / name, source / name)
    _pip("wheel", "--quiet", "--no-deps", "--no-build-isolation", "--wheel-dir", source / "made", source)
    return next((source / "made").glob("*.whl"))


def _pip(*words) -> None:
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", *map(str, words)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=280)
    assert not done.returncode, done.stdout + done.stderr


def test_the_wheel_has_all_of_the_library_and_its_stubs(wheel):
    held = {name for name in zipfile.ZipFile(wheel).namelist() if name.startswith("aws_iot/")}
    files = {path.relative_to(ROOT).as_posix() for path in (ROOT / "aws_iot").rglob("*") if path.suffix != ".pyc"}
    assert held == {name for name in files if (ROOT / name).is_file()}
    assert {"aws_iot/py.typed", "aws_iot/thing.pyi", "aws_iot/mqtt/__init__.pyi"} < held


def test_a_thing_connects_in_an_empty_environment(wheel, mosquitto, name, tmp_path):
    venv.create(tmp_path / "env", with_pip=False, symlinks=True)
    python = tmp_path / "env" / ("Scripts" if os.name == "nt" else "bin") / "python"
    _pip("--python", python, "install", "--quiet", "--no-deps", "--no-index", wheel)
    project = mosquitto_site(mosquitto).project(tmp_path, name)
    # Isolated: neither this checkout nor what PYTHONPATH names is seen.
    command = [str(python), "-I", "-c", _PROGRAM, name]
    with Observer(mosquitto.plain_port, name + "/#", client_id=name + "-o") as observer:
        running = subprocess.Popen(
            command, cwd=project.parent, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        try:
            assert json.loads(observer.expect(name + "/up", 60).payload) == {"alive": True}
            observer.publish(name + "/down", "1")
            observer.publish(name + "/other", "2")
            printed, _ = running.communicate(timeout=120)
        finally:
            running.kill()
            running.wait()
        assert printed.strip() == str([(f"{name}/down", b"1"), (f"{name}/other".encode(), b"2")]), printed
        assert observer.expect(name + "/will", 60).payload == b"gone"


def test_what_stands_in_for_umqtt_has_its_signatures_and_fields():
    from umqtt import simple  # the one that the tests run with

    ours, theirs = _cpython.Simple.MQTTClient, simple.MQTTClient
    for name in ("__init__", "set_callback", "set_last_will"):
        assert inspect.signature(getattr(ours, name)) == inspect.signature(getattr(theirs, name)), name
    for arguments in (("id", "host"), ("id", "host", 0, "u", "p", 60, True, {"a": 1}), ("id", "host", 1234)):
        made = [kind(*arguments) for kind in (ours, theirs)]
        assert vars(made[0]) == vars(made[1])
        for client in made:
            client.set_callback(print)
            client.set_last_will("t", "m", True, 1)
        assert vars(made[0]) == vars(made[1])
    assert issubclass(_cpython.Simple.MQTTException, Exception)
