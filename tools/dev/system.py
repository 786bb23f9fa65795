"""The system's package managers and subprocesses, for the set-up programs (standard library only)."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from typing import Any

from ..errors import ToolError

_PATIENCE_S = 600
_SIGN_S = 30


def say(text: str) -> None:
    print(f"setup: {text}", flush=True)


def run(command: Sequence[object], **options: Any) -> str:
    """Run a command silently and return its stdout; ToolError with its whole output when it fails."""
    words = [str(word) for word in command]
    done = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, text=True, **options)
    if done.returncode:
        raise ToolError(f"{' '.join(words)} failed:\n{done.stdout}{done.stderr}")
    return done.stdout


def follow(command: Sequence[object], **options: Any) -> None:
    """Run what takes its time; on a terminal its last line is seen, and after each half a minute for how long it has
    been at it. ToolError with all that it said when it fails."""
    words = [str(word) for word in command]
    said = []
    options |= {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    with _sign_of_life(), subprocess.Popen(words, **options) as running:
        for line in running.stdout or ():
            said.append(line)
            _show(line.strip())
    _show("")
    if running.returncode:
        raise ToolError(f"{' '.join(words)} failed:\n{''.join(said)}")


@contextlib.contextmanager
def _sign_of_life() -> Iterator[None]:
    """Say now and then that it goes on: pip is silent for as long as a download takes."""
    ended, start = threading.Event(), time.monotonic()

    def tell() -> None:
        while not ended.wait(_SIGN_S):
            _show("")
            say(f"still at it, for {time.monotonic() - start:.0f} s")

    teller = threading.Thread(target=tell, daemon=True)
    teller.start()
    try:
        yield
    finally:
        ended.set()
        teller.join()


def _show(line: str) -> None:
    """In place of the line that was shown before."""
    if sys.stdout.isatty():
        print(f"\r\x1b[K{line[: shutil.get_terminal_size().columns - 1]}", end="", flush=True)


def install(package: str) -> None:
    """Install a system package by apt (through sudo when not root) or, on macOS, by brew."""
    if sys.platform == "darwin":
        say(f"installing {package} by brew")
        follow(["brew", "install", package])
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
        follow([*apt, "install", package], env=environment)
    except ToolError:  # most often package lists that are missing or out of date
        follow([*apt, "update"], env=environment)
        follow([*apt, "install", package], env=environment)
