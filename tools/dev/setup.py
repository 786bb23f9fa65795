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
from . import chromium, micropython
from .system import follow, install, run, say

VENV = ROOT / ".venv"
PACKAGING = FOLDER / "packaging"  # what builds, examines and installs the distribution
STUBS = FOLDER / "stubs"
DOCS = FOLDER / "docs"  # what builds the site
_NEXT = """setup: ready. What to do next:
  make demo                        watch the cloud change a board's setting, without account and board
  make test                        run everything
  . .venv/bin/activate             have the command `thing`, for "From an empty folder to a board" in README.md"""
_PIP = ["-m", "pip", "--disable-pip-version-check"]
_BY_HASH = ["--only-binary=:all:", "--require-hashes"]  # a build would take what it needs without a hash


class _Stamp:
    """Remembers in a folder what files it was made from."""

    def __init__(self, folder: Path, *sources: Path) -> None:
        self._path = folder / "made-from.sha256"
        self._digest = hashlib.sha256(b"".join(source.read_bytes() for source in sources)).hexdigest()

    def holds(self) -> bool:
        return self._path.exists() and self._path.read_text() == self._digest

    def write(self) -> None:
        self._path.parent.mkdir(exist_ok=True)
        self._path.write_text(self._digest)


def pins(name: str) -> Path:
    """The file of pinned packages, with hashes, that `make pins` makes of the file of that name that ends with .in."""
    return ROOT / "requirements" / f"{name}.txt"


def make_venv(folder: Path = VENV, python: str = sys.executable) -> None:
    """Install the pinned packages and this checkout (editable) into a venv of a Python, unless they are there."""
    stamp = _Stamp(folder / "checkout", pins("dev"), ROOT / "pyproject.toml")
    if stamp.holds():
        return
    make_environment(folder, "dev", python)
    # by the pinned setuptools that is there: an isolated build would take the newest, without a hash
    run([folder / "bin/python", *_PIP, "install", "--no-deps", "--no-build-isolation", "--editable", ROOT])
    stamp.write()


def make_environment(folder: Path, name: str, python: str = sys.executable, *options: str) -> None:
    """Install pinned packages into a venv of a Python, unless they are there; their wheels stay beside them."""
    stamp = _Stamp(folder, pins(name))
    if stamp.holds():
        return
    _create_venv(folder, python)
    here, pip, wheels = folder.relative_to(ROOT), [folder / "bin/python", *_PIP], folder / "wheels"
    say(f"downloading the pinned Python packages for {here} (half a minute)")
    follow([*pip, "download", *_BY_HASH, "--dest", wheels, "-r", pins(name)])
    say(f"installing them into {here} (half a minute)")
    follow([*pip, "install", *options, *_BY_HASH, "--no-index", "--find-links", wheels, "-r", pins(name)])
    stamp.write()


def install_into(folder: Path, name: str, what: str) -> None:
    """Install pinned packages, and nothing that they depend on, into a folder of their own, unless they are there."""
    stamp = _Stamp(folder, pins(name))
    if stamp.holds():
        return
    say(f"installing {what} into {folder.relative_to(ROOT)}")
    shutil.rmtree(folder, ignore_errors=True)
    target = ["--no-deps", "--target", folder]
    follow([VENV / "bin/python", *_PIP, "install", *_BY_HASH, *target, "-r", pins(name)])
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
    parser.add_argument("--next", action="store_true", help="say at the end what to do next")
    arguments = parser.parse_args()
    try:
        if sys.version_info < (3, 11):  # the library and the command `thing` take 3.10, the local AWS does not
            raise ToolError("Python 3.11 or newer is needed")
        make_venv()
        micropython.get()
        get_umqtt()
        if not arguments.demo:
            micropython.get_beside(lambda folder: install_into(folder, "micropython", "PyPI's MicroPython"))
            install_into(STUBS, "stubs", "MicroPython's type stubs, where only the type checker looks,")
            make_environment(PACKAGING, "packaging", sys.executable, "--no-compile")
            make_environment(DOCS, "docs", sys.executable, "--no-compile")
            get_mosquitto()
            chromium.get()
    except ToolError as error:
        print(f"setup: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("setup: stopped; the same command goes on where it was", file=sys.stderr)
        return 130  # 128 and the number of SIGINT
    if arguments.next:
        print(_NEXT)
    return 0


if __name__ == "__main__":
    sys.exit(main())
