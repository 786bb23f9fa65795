"""The browser of the tests: that of CHROMIUM when set, else what `make setup` got, else that on PATH (standard library
only). Debian's Chromium lies under .cache/chromium and is started from there: no system file is touched."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path

from ..cache import FOLDER
from ..errors import ToolError
from . import debian
from .system import say

_FOLDER = FOLDER / "chromium"
_LAUNCHER = _FOLDER / "chromium"
DRIVER = _FOLDER / "driver"  # has the library that Playwright's own program needs, and a small Debian lacks
_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_ARCHITECTURES = {"x86_64": ("amd64", "x86_64-linux-gnu"), "aarch64": ("arm64", "aarch64-linux-gnu")}
_ELSEWHERE = "bookworm"  # for what is no Debian: of a libc that is old enough for all that have Python 3.11
_FONTS = "<fontconfig><dir>{folder}/all/usr/share/fonts</dir><cachedir>{folder}/fonts</cachedir></fontconfig>\n"


def find() -> Path | None:
    """The browser, or None; ToolError when CHROMIUM names none."""
    given = os.environ.get("CHROMIUM")
    if given:
        if not os.access(given, os.X_OK):
            raise ToolError(f"CHROMIUM={given} is no program")
        return Path(given)
    if _LAUNCHER.exists():
        return _LAUNCHER
    return next((Path(path) for path in map(shutil.which, _NAMES) if path), None)


def found() -> Path:
    """As find(), and ToolError when there is none."""
    path = find()
    if not path:
        raise ToolError(
            "there is no browser here: `make setup` brings Debian's Chromium, or set CHROMIUM to one's path"
        )
    return path


def get() -> None:
    """Make sure that find() finds one; what there is none for is said, and the tests fail with it."""
    if find():
        return
    if sys.platform != "linux" or os.uname().machine not in _ARCHITECTURES or not shutil.which("apt-get"):
        say("no Chromium can be had here for the console's tests: set CHROMIUM to a browser's path")
        return
    architecture, triplet = _ARCHITECTURES[os.uname().machine]
    say("downloading Debian's Chromium and its libraries with apt into .cache/chromium (a few minutes)")
    debian.unpack("chromium libatomic1", _suite(), [architecture], _FOLDER, without=("libc6", "libc-bin"))
    (_FOLDER / "fonts.conf").write_text(_FONTS.format(folder=_FOLDER))
    DRIVER.mkdir(exist_ok=True)
    library = _FOLDER / architecture / "usr" / "lib" / triplet / "libatomic.so.1"
    (DRIVER / library.name).unlink(missing_ok=True)
    (DRIVER / library.name).symlink_to(library)
    scratch = _LAUNCHER.with_suffix(".new")
    scratch.write_text(
        "#!/bin/sh\n"
        f'root="${{0%/*}}/{architecture}"\n'
        'export FONTCONFIG_FILE="${0%/*}/fonts.conf"\n'
        f'libraries="$root/usr/lib/{triplet}"\n'
        f'export LD_LIBRARY_PATH="$libraries:$libraries/pulseaudio:$root/lib/{triplet}"\n'
        'exec "$root/usr/lib/chromium/chromium" "$@"\n'
    )
    scratch.chmod(0o755)
    done = subprocess.run([scratch, "--version"], capture_output=True, text=True, timeout=60)
    if done.returncode:
        raise ToolError(f"Debian's Chromium does not start here: {done.stderr.strip()}")
    scratch.rename(_LAUNCHER)


def _suite() -> str:
    """The release of Debian here, whose libc is then that of its Chromium."""
    release = platform.freedesktop_os_release()
    return release.get("VERSION_CODENAME", _ELSEWHERE) if release.get("ID") == "debian" else _ELSEWHERE
