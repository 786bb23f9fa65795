"""Builds what PyPI carries, sdist and wheel, from the files that git tracks: `make dist`, into dist/.

The same commit gives the same bytes, wherever and whenever it is built: dates are the commit's, modes and owners fixed,
and setuptools is the pinned one. The wheel is made of the sdist, so that whoever builds from that gets the same.
"""

import gzip
import io
import os
import shutil
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import Any

from ..cache import ROOT
from ..errors import ToolError
from .setup import PACKAGING
from .system import run

_PYTHON = PACKAGING / "bin/python"


def build(folder: Path) -> tuple[Path, Path]:
    """Build both into a folder; -> (sdist, wheel)."""
    date = int(run(["git", "log", "-1", "--format=%ct"], cwd=ROOT))
    with tempfile.TemporaryDirectory() as scratch:
        source = Path(scratch) / "source"
        for name in run(["git", "ls-files", "-z"], cwd=ROOT).split("\0"):
            if name and (ROOT / name).exists():
                (source / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(ROOT / name, source / name)
        sdist = _build("--sdist", source, folder, date)
        _normalize(sdist, date)
        with tarfile.open(sdist) as archive:
            safely: Any = {"filter": "data"} if hasattr(tarfile, "data_filter") else {}  # where Python has it
            archive.extractall(Path(scratch) / "unpacked", **safely)
        (unpacked,) = (Path(scratch) / "unpacked").iterdir()
        return sdist, _build("--wheel", unpacked, folder, date)


def check(*files: Path) -> None:
    """Whether PyPI would take them, and show the README; ToolError with what it would not."""
    run([_PYTHON, "-m", "twine", "check", "--strict", *files])


def _build(kind: str, source: Path, folder: Path, date: int) -> Path:
    before = set(folder.glob("*"))
    environment = {**os.environ, "SOURCE_DATE_EPOCH": str(date)}  # which setuptools keeps to in wheels, not in sdists
    words = [_PYTHON, "-m", "build", "--no-isolation", kind, "--outdir", folder, source]
    run(words, env=environment, umask=0o022)  # a wheel holds the modes of files
    (made,) = set(folder.glob("*")) - before
    return made


def _normalize(sdist: Path, date: int) -> None:
    """Write it anew without what depends on where and when it was built."""
    packed = io.BytesIO()
    with tarfile.open(sdist) as old, tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as new:
        for member in sorted(old.getmembers(), key=lambda member: member.name):
            fixed = tarfile.TarInfo(member.name)
            fixed.type, fixed.size, fixed.mtime = member.type, member.size, date
            fixed.mode = 0o755 if member.isdir() else 0o644
            new.addfile(fixed, old.extractfile(member))
    sdist.write_bytes(gzip.compress(packed.getvalue(), mtime=date))


def main() -> int:
    folder = ROOT / "dist"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    files = build(folder)
    check(*files)
    for file in files:
        print(file.relative_to(ROOT))
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except ToolError as error:
        sys.exit(f"dist: {error}")
