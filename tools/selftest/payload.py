"""What goes onto the device: the library, the programs, what they are told; and the application as an update."""

from __future__ import annotations

import json
import re
import tempfile
import time
from pathlib import Path, PurePosixPath

from ..board import flash
from ..board.mpy import compile_package
from ..fota import firmware
from ..shapes import Json

_PROGRAMS = Path(__file__).parent / "programs"


def library(info: Json) -> dict[str, bytes]:
    """The library, and umqtt.simple where the firmware has none: {name in the device's folder: bytes}."""
    flash.check_format(info)
    return {path.lstrip("/"): data for path, data in flash.library("", info["umqtt"] is None).items()}


def lent(files: dict[str, bytes]) -> dict[str, int]:
    """Of the library's files those of modules, but for a package's own: {dotted name below aws_iot: bytes}."""
    found = {}
    for path, data in files.items():
        package, *folders, name = PurePosixPath(path).parts
        stem, _, suffix = name.rpartition(".")
        if package == "aws_iot" and suffix == "mpy" and stem != "__init__":
            found[".".join([*folders, stem])] = len(data)
    return found


def programs(folder: str) -> dict[str, bytes]:
    """All that runs on the device, compiled but for main.py: {name: bytes}. folder: where it will lie there."""
    with tempfile.TemporaryDirectory() as scratch:
        compiled = compile_package(_PROGRAMS, Path(scratch), optimisation=0)
        found = {path.name: path.read_bytes() for path in compiled.iterdir() if path.stem != "main"}
    main = (_PROGRAMS / "main.py").read_text(encoding="utf-8").replace('"FOLDER"', repr(folder))
    return {**found, "main.py": main.encode()}


def settings(wifi: Json | None, public_key: str | None, trial_s: float) -> dict[str, bytes]:
    """settings.json of the programs."""
    now = time.gmtime()
    stamp = (now.tm_year, now.tm_mon, now.tm_mday, now.tm_wday, now.tm_hour, now.tm_min, now.tm_sec, 0)
    told = {"time": stamp, "wifi": wifi, "public_key": public_key, "trial_s": trial_s}
    return {"settings.json": json.dumps(told).encode()}


def application(version: str, behaviour: str) -> firmware.Firmware:
    """The programs' app.py as firmware."""
    text = (_PROGRAMS / "app.py").read_text(encoding="utf-8")
    text = re.sub(r'^VERSION = ".*"', f'VERSION = "{version}"', text, flags=re.M)
    text = re.sub(r'^BEHAVIOUR = ".*"', f'BEHAVIOUR = "{behaviour}"', text, flags=re.M)
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "app.py").write_text(text, encoding="utf-8")
        return firmware.load(folder)
