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


@pytest.mark.parametrize("name", ["package.json", "package-mpy.json"])
def test_the_list_names_every_file(name):
    assert (ROOT / name).read_text() == mip.packages()[name], "run `make mpy`"


@pytest.mark.parametrize("name", ["package.json", "package-mpy.json"])
def test_mpremote_installs_it_and_it_imports(name, tmp_path):
    mpy.compile_package(ROOT / "aws_iot")
    # umqtt.simple comes from micropython-lib's index, which a test does not ask: it is put there by hand.
    package = json.loads((ROOT / name).read_text())
    urls = [[target, os.path.relpath(ROOT / source, tmp_path)] for target, source in package["urls"]]
    local = tmp_path / "package.json"
    local.write_text(json.dumps({"urls": urls, "deps": [], "version": package["version"]}))
    with Board(tmp_path / "flash") as board:
        shutil.copytree(CACHE / "umqtt" / "umqtt", board.flash / "lib" / "umqtt")
        board.expect(">>> ")
        mpremote = [sys.executable, "-m", "mpremote", "connect", board.port]
        program = "import aws_iot; from aws_iot import Thing, load; print('works', aws_iot.__version__)"
        for command in (["mip", "install", "--no-mpy", str(local)], ["exec", program]):
            done = subprocess.run([*mpremote, *command], capture_output=True, text=True, timeout=50)
            assert done.returncode == 0, done.stdout + done.stderr
    assert f"works {package['version']}" in done.stdout
