"""aws_iot as `pip install` leaves it: in an environment that holds nothing else, not even umqtt.simple."""

import importlib.util
import inspect
import json
import os
import subprocess
import sys
import sysconfig
import venv
import zipfile

import pytest
from aws_iot_tools.board import umqtt

from aws_iot import _cpython
from tests.harness import ROOT, umqtt_versions
from tests.harness.board import Board
from tests.harness.certificates import Authority
from tests.harness.observer import Observer
from tests.harness.project import write_project

from .conftest import mosquitto_site

pytestmark = pytest.mark.runtimes("cpython")

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

_EACH_MODULE = """
import importlib, pkgutil
import aws_iot_tools
for module in pkgutil.walk_packages(aws_iot_tools.__path__, "aws_iot_tools."):
    importlib.import_module(module.name)
print(aws_iot_tools.__file__)
"""


@pytest.fixture(scope="module")
def wheel(built):
    return built[1]


@pytest.fixture(scope="module")
def environment(wheel, tmp_path_factory):
    """The wheel installed, and nothing else."""
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, with_pip=False, symlinks=True)
    _pip("--python", folder / "bin" / "python", "install", "--quiet", "--no-deps", "--no-index", wheel)
    return folder


def _pip(*words) -> None:
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", *map(str, words)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=280)
    assert not done.returncode, done.stdout + done.stderr


def test_the_wheel_has_all_of_the_library_and_its_stubs(wheel):
    held = {name for name in zipfile.ZipFile(wheel).namelist() if name.startswith("aws_iot/")}
    files = {path.relative_to(ROOT).as_posix() for path in (ROOT / "aws_iot").rglob("*") if path.suffix != ".pyc"}
    assert held == {name for name in files if (ROOT / name).is_file()}
    assert {"aws_iot/py.typed", "aws_iot/thing.pyi", "aws_iot/mqtt/__init__.pyi"} < held


def test_the_wheel_has_all_of_the_tools_but_what_only_this_repository_needs(wheel):
    held = {name.split("/", 1)[1] for name in zipfile.ZipFile(wheel).namelist() if name.startswith("aws_iot_tools/")}
    files = {path.relative_to(ROOT / "tools") for path in (ROOT / "tools").rglob("*") if path.is_file()}
    ours = {path.as_posix() for path in files if path.suffix != ".pyc" and path.parts[0] != "dev"}
    pages = {f"docs/{path.name}" for path in (ROOT / "docs").glob("*.md")}
    assert held == ours | pages
    assert {"main.py", "template/main.py", "template/.gitignore", "selftest/programs/app.py"} < held


def test_the_command_works_from_the_wheel(environment, tmp_path):
    """In an environment that sees what the tools depend on, and not this checkout."""
    variables = {
        **{key: value for key, value in os.environ.items() if not key.startswith(("AWS_", "THING_"))},
        "PYTHONPATH": sysconfig.get_path("purelib"),  # without what its .pth files add: the checkout
        "XDG_CACHE_HOME": str(tmp_path / "cache"),
    }

    def run(command, *words):
        command = [environment / "bin" / command, *words]
        done = subprocess.run(command, cwd=tmp_path, env=variables, capture_output=True, text=True, timeout=600)
        assert not done.returncode, done.stdout + done.stderr
        return done.stdout

    assert run("python", "-c", _EACH_MODULE).strip().startswith(str(environment))
    run("thing", "new", "demo")
    identity = Authority().issue("demo_0")
    write_project(tmp_path / "demo", "demo_0", 8883, identity.certificate_pem(), identity.key_pem(), "")
    with Board(tmp_path / "flash", firmware=umqtt.FOLDER) as board:
        flashed = json.loads(run("thing", "flash", "demo", "--port", board.port, "--no-wait", "--lines", "0", "--json"))
    assert {"/main.py", "/lib/aws_iot/thing.mpy", "/lib/aws_iot/mqtt/__init__.mpy"} <= set(flashed["written"])
    compiled = list((tmp_path / "cache").rglob("thing.mpy"))
    assert [path.read_bytes() for path in compiled] == [(tmp_path / "flash/lib/aws_iot/thing.mpy").read_bytes()]


def test_a_thing_connects_in_an_empty_environment(environment, mosquitto, name, tmp_path):
    python = environment / "bin" / "python"
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
    path = umqtt_versions.folder("1.6.0") / "umqtt" / "simple.py"  # the one whose signatures it has
    spec = importlib.util.spec_from_file_location("published", path)
    simple = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(simple)
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
