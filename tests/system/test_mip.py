"""The lists of files for mip are complete, and mpremote installs a working library from a checkout."""

import json
import os
import shutil
import subprocess
import sys

import pytest
from aws_iot_tools import mip, mpy

from tests.harness import CACHE, ROOT
from tests.harness.board import Board

_LISTS = ("package.json", "package-mpy.json")
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
        env={"MICROPYPATH": f"{tmp_path}:{CACHE}/umqtt:.frozen"},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.stdout.startswith("works"), done.stdout + done.stderr


def test_mpremote_installs_it_on_a_board(tmp_path):
    # umqtt.simple would come from micropython-lib's index, which a test does not ask: it is put there by hand.
    package = _package("package-mpy.json")
    urls = [[target, os.path.relpath(ROOT / source, tmp_path)] for target, source in package["urls"]]
    local = tmp_path / "package.json"
    local.write_text(json.dumps({"urls": urls, "deps": [], "version": package["version"]}))
    with Board(tmp_path / "flash") as board:
        shutil.copytree(CACHE / "umqtt" / "umqtt", board.flash / "lib" / "umqtt")
        board.expect(">>> ")
        mpremote = [sys.executable, "-m", "mpremote", "connect", board.port]
        for command in (["mip", "install", str(local)], ["exec", _PROGRAM]):
            done = subprocess.run([*mpremote, *command], capture_output=True, text=True, timeout=120)
            assert done.returncode == 0, done.stdout + done.stderr
    assert f"works {package['version']}" in done.stdout
