"""Background servers that outlive the command that started them: found again by process id, ended by it alone."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from ..errors import ToolError


def start(command: list[str], log: Path, environment: dict[str, str] | None = None) -> subprocess.Popen[bytes]:
    """Start a server in a session of its own, its output in a log file; -> its Popen."""
    with open(log, "ab") as output:
        return subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True,
            env={**os.environ, **(environment or {})},
        )  # fmt: skip


def wait_until(
    ready: Callable[[], object], process: subprocess.Popen[bytes], log: Path, seconds: float, name: str
) -> None:
    """Wait until ready() is true; ToolError with the log's last line when the process ends or the time is over."""
    deadline = time.monotonic() + seconds
    while not ready():
        if process.poll() is not None:
            raise ToolError(f"{name} ended at once: {_last_line(log)} (all of it: {log})")
        if time.monotonic() > deadline:
            process.kill()
            process.wait()
            raise ToolError(f"{name} was not ready within {seconds} s: {_last_line(log)} (all of it: {log})")
        time.sleep(0.1)


def stop(pid: int, seconds: float = 20) -> None:
    """End a process politely, so that it saves its data, and wait for that; ToolError when it does not end."""
    if not alive(pid):
        return
    os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + seconds
    while alive(pid):
        if time.monotonic() > deadline:
            raise ToolError(f"process {pid} does not end; its data is not saved yet: look at it before you kill it")
        time.sleep(0.1)


def alive(pid: int) -> bool:
    """True while a process runs; an ended one that nobody has waited for does not count."""
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, PermissionError):
        return False
    status = Path(f"/proc/{pid}/stat")
    try:
        return status.read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return not Path("/proc").is_dir()


def answers(port: int) -> bool:
    """True when something listens on a port of this machine."""
    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def free_port(first: int) -> int:
    """The first port from `first` on where nothing listens.

    Not one that the system picks: it gives those to outgoing connections as well, so that a server which is started
    again on its port might find it taken.
    """
    return next(port for port in range(first, 65536) if not answers(port))


def _last_line(log: Path) -> str:
    lines = Path(log).read_text(errors="replace").strip().splitlines()
    return lines[-1].strip() if lines else "it said nothing"
