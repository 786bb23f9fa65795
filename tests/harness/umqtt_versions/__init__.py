"""The umqtt.simple of each firmware, as a folder for the import path.

PyPI stops at 1.3.4, which make setup fetches and which MicroPython up to 1.22 has; of the later ones no package
registry carries the text. They are played: each file beside this one is what a version brought, written by us after its
source, and a version is PyPI's text with, below it, what was brought up to then. So methods that none of them changed
are umqtt.simple's own, and those that they changed write and read the socket as theirs do: each piece with a write of
its own, then wait_msg() for ever. Not played: wait_msg() gives None for a message, from 1.4.0 on theirs gives its first
byte.

https://github.com/micropython/micropython-lib/blob/master/micropython/umqtt.simple/umqtt/simple.py at these commits:
1.4.0 of 35d41dbb (2024-02-07), 1.6.0 of 98d0a2b6 (2025-04-10), 1.7.0 of 0d838c3a (2025-12-02), 1.8.0 of 5e49b1bd
(2026-07-28). 1.5.0 and 1.7.1 are in no firmware.
"""

import os
from pathlib import Path

from aws_iot_tools.board import mpy, umqtt
from aws_iot_tools.selftest import interpreter

from .. import CACHE

# Frozen into the ESP32's and the ESP8266's (2 MiB) firmware: its manifest names no version, so it is that of the
# micropython-lib commit that MicroPython's tag has as its submodule.
OF_FIRMWARE = {
    (1, 22): "1.3.4",
    (1, 23): "1.4.0",
    (1, 24): "1.4.0",
    (1, 25): "1.6.0",
    (1, 26): "1.6.0",
    (1, 27): "1.7.0",
    (1, 28): "1.7.0",
    (1, 29): "1.8.0",
}
VERSIONS = tuple(sorted(set(OF_FIRMWARE.values())))
PUBLISHED = VERSIONS[0]
_HERE = Path(__file__).parent


def of(version: str) -> str:
    """What firmware of this MicroPython ("1.26.1") has; of one that is newer than all that are known, the newest."""
    release = tuple(map(int, version.split(".")[:2]))
    return OF_FIRMWARE[max(known for known in OF_FIRMWARE if known <= release)]


def chosen(bits: int = 64) -> str:
    """The version that the tests run with: that of the variable UMQTT, else that of the interpreter's firmware."""
    version = os.environ.get("UMQTT") or of(interpreter.version(interpreter.found(bits)))
    if version not in VERSIONS:
        raise ValueError(f"UMQTT={version}: one of {', '.join(VERSIONS)} expected")
    return version


def folder(version: str | None = None, form: str = "py") -> Path:
    """The folder that holds umqtt/simple of this version (None: the chosen one), as source ("py") or compiled as boards
    get it ("mpy").
    """
    version = version or chosen()
    found = umqtt.FOLDER if version == PUBLISHED else _played(version)
    if form == "py":
        return found
    return mpy.compile_package(found / "umqtt", CACHE / "umqtt-mpy" / version / "umqtt").parent


def _played(version: str) -> Path:
    """PyPI's text, and below it what was brought up to this version."""
    made = CACHE / "umqtt-played" / version
    parts = [umqtt.FOLDER / "umqtt" / "simple.py"]
    parts += [_HERE / f"brought_by_{each.replace('.', '_')}.py" for each in VERSIONS[1 : VERSIONS.index(version) + 1]]
    _put(made / "umqtt" / "simple.py", b"\n\n".join(part.read_bytes() for part in parts))
    return made


def _put(path: Path, content: bytes) -> None:
    """Write what is not there yet, by renaming: test workers do so side by side."""
    if path.exists() and path.read_bytes() == content:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    scratch = path.with_name(f".{path.name}.{os.getpid()}")
    scratch.write_bytes(content)
    scratch.replace(path)
