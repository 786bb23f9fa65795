"""A MicroPython of this computer: that of MICROPYTHON or MICROPYTHON32, else what `make setup` got, else that on PATH.

Of the standard library alone: the set-up of a checkout asks here, too.
"""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
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
        on_path = shutil.which(name)
        if on_path and fits(Path(on_path), bits):
            return Path(on_path)
    return None


def found(bits: int) -> Path:
    """As find(), and ToolError when there is none."""
    path = find(bits)
    if not path:
        raise ToolError(
            f"there is no {bits}-bit MicroPython here: `make setup` in a checkout brings it, or set {VARIABLE[bits]}"
        )
    return path


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
