"""The system's package managers and subprocesses, for the set-up programs (standard library only)."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from typing import Any

from ..errors import ToolError

_PATIENCE_S = 600


def say(text: str) -> None:
    print(f"setup: {text}", flush=True)


def run(command: Sequence[object], **options: Any) -> str:
    """Run a command silently and return its stdout; ToolError with its whole output when it fails."""
    words = [str(word) for word in command]
    done = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, text=True, **options)
    if done.returncode:
        raise ToolError(f"{' '.join(words)} failed:\n{done.stdout}{done.stderr}")
    return done.stdout


def install(package: str) -> None:
    """Install a system package by apt (through sudo when not root) or, on macOS, by brew."""
    if sys.platform == "darwin":
        say(f"installing {package} by brew")
        run(["brew", "install", package])
        return
    if not shutil.which("apt-get"):
        raise ToolError(f"{package} is missing, and there is no apt-get to install it with")
    say(f"installing {package} by apt-get")
    # A machine that has just been started may be updating itself.
    apt = ["apt-get", "--yes", "--no-install-recommends", "-o", f"DPkg::Lock::Timeout={_PATIENCE_S}"]
    if os.geteuid():
        apt = ["sudo", *apt]
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    try:
        run([*apt, "install", package], env=environment)
    except ToolError:  # most often package lists that are missing or out of date
        run([*apt, "update"], env=environment)
        run([*apt, "install", package], env=environment)
