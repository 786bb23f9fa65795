"""The lists of files for mip are complete, and mpremote installs a working library from a checkout."""

import contextlib
import functools
import hashlib
import http.server
import json
import shutil
import subprocess
import sys
import threading

import pytest
from aws_iot_tools.board import mpy
from aws_iot_tools.dev import mip

from tests.harness import ROOT, umqtt_versions
from tests.harness.board import Board
from tests.harness.observer import Observer

from .conftest import mosquitto_site

_LISTS = ("package.json", "package-mpy.json")
_CONNECTION = """
from aws_iot import Thing
thing = Thing.from_config("/thing.conf.json")
thing.mqtt.connect()
thing.publish("dt/board", {"alive": True}, qos=1)
thing.mqtt.disconnect()
"""
_PROGRAM = "import aws_iot; from aws_iot import Thing, load; print('works', aws_iot.__version__)"


def _package(name: str) -> dict:
    mpy.compile_package(ROOT / "aws_iot")
    return json.loads((ROOT / name).read_text())


@pytest.mark.parametrize("name", _LISTS)
def test_the_list_names_every_file(name):
    assert (ROOT / name).read_text() == mip.packages()[name], "run `make mpy`"


@pytest.mark.parametrize("name", _LISTS)
@pytest.mark.runtimes("mp32")
def test_what_is_listed_imports_in_an_esp32_heap(name, runtime, tmp_path):
    for target, source in _package(name)["urls"]:
        path = tmp_path / target
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / source, path)
    done = subprocess.run(
        [*runtime.command("-c", heap="112k"), _PROGRAM],
        env={"MICROPYPATH": f"{tmp_path}:{umqtt_versions.folder()}:.frozen"},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.stdout.startswith("works"), done.stdout + done.stderr


@pytest.fixture
def index(tmp_path):
    """The address of a package index as micropython-lib's, with one package: the umqtt.simple that boards would get."""
    for version, form in (("py", "py"), ("6", "mpy")):
        source = umqtt_versions.folder(umqtt_versions.PUBLISHED, form) / "umqtt" / f"simple.{form}"
        data = source.read_bytes()
        digest = hashlib.sha256(data).hexdigest()[:8]
        _write(tmp_path / "index" / "file" / digest[:2] / digest, data)
        content = {"v": 1, "version": umqtt_versions.PUBLISHED, "hashes": [[f"umqtt/{source.name}", digest]]}
        package = tmp_path / "index" / "package" / version / "umqtt.simple" / "latest.json"
        _write(package, json.dumps(content).encode())
    with _served(tmp_path / "index") as address:
        yield address


@contextlib.contextmanager
def _served(folder):
    """The address of a web server that has a folder's files."""
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=folder)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def _write(path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def _mpremote(board, *command) -> str:
    words = [sys.executable, "-m", "mpremote", "connect", board.port, *map(str, command)]
    done = subprocess.run(words, capture_output=True, text=True, timeout=180)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


_FORMS = pytest.mark.parametrize(("name", "form"), [("package.json", "--no-mpy"), ("package-mpy.json", "--mpy")])


def _install(board, source, form: str, index: str, package: dict) -> None:
    """By mip; then all that is listed is on the board, and umqtt.simple."""
    board.expect(">>> ")
    _mpremote(board, "mip", "install", form, "--index", index, source)
    lib = board.flash / "lib"
    suffix = "py" if form == "--no-mpy" else "mpy"
    assert {path.relative_to(lib).as_posix() for path in lib.rglob("*.*py")} == {
        *(target for target, _ in package["urls"]), f"umqtt/simple.{suffix}"
    }  # fmt: skip
    assert [
        target for target, path in package["urls"] if (lib / target).read_bytes() != (ROOT / path).read_bytes()
    ] == []


@_FORMS
def test_mpremote_installs_it_with_umqtt_on_a_board_which_then_connects(name, form, index, mosquitto_tls12, tmp_path):
    package = _package(name)
    with Board(tmp_path / "flash") as board:
        _install(board, ROOT / name, form, index, package)
        project = mosquitto_site(mosquitto_tls12).project(tmp_path, "board")
        _mpremote(board, "cp", *project.parent.iterdir(), ":/")
        with Observer(mosquitto_tls12.plain_port, "dt/board", client_id="board-observer") as observer:
            assert f"works {package['version']}" in _mpremote(board, "exec", _PROGRAM, "exec", _CONNECTION)
            assert json.loads(observer.expect("dt/board").payload) == {"alive": True}


@_FORMS
def test_mpremote_installs_the_same_tree_from_a_web_address(name, form, index, tmp_path):
    with _served(ROOT) as address, Board(tmp_path / "flash") as board:
        _install(board, f"{address}/{name}", form, index, _package(name))
