"""Background servers that outlive the command that started them, each with a folder that says which process it is.

A process is known by its number and its start: after a restart of the computer the number is another's.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from .. import journal, state
from ..errors import ToolError
from ..shapes import Json
from . import windows

_STOP_S = 120  # a busy computer takes long; most often it is a second
_SAVED_S = 1.5  # what was answered longer ago is on the disk
_UNSEEN = getattr(subprocess, "CREATE_NO_WINDOW", 0) | getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0)  # Windows's
RUNNING = "running.json"  # in a server's folder: there from its start to its end, unless that came unexpected


def start(
    command: list[str], log: Path, folder: Path, environment: dict[str, str] | None = None
) -> subprocess.Popen[bytes]:
    """Start a server in a session of its own and in a folder, its output in a log file; -> its Popen."""
    with open(os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, journal.SECRET), "ab") as output:
        return subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True, cwd=folder,
            env=environment, creationflags=_UNSEEN,
        )  # fmt: skip


def note(folder: Path, pid: int, **values: object) -> None:
    """Write down which process is the server of a folder."""
    journal.write_json(folder / RUNNING, {"pid": pid, "started": _started(pid), **values}, journal.SECRET)


def noted(folder: Path) -> Json | None:
    """What was written down of a folder's server; None after a clean end."""
    path = folder / RUNNING
    return journal.read_json(path) if path.exists() else None


def running(folder: Path) -> int | None:
    """The process that is the server of a folder, or None."""
    values = noted(folder) or {}
    pid = values.get("pid")
    return pid if isinstance(pid, int) and alive(pid) and _started(pid) == values.get("started") else None


def wait_until(
    ready: Callable[[], object],
    process: subprocess.Popen[bytes],
    log: Path,
    seconds: float,
    name: str,
    waiting: Callable[[float], object] = lambda seconds: None,
) -> None:
    """Wait until ready() is true, telling waiting() for how many seconds; ToolError with the log's last line when the
    process ends or the time is over."""
    start = time.monotonic()
    while not ready():
        waiting(time.monotonic() - start)
        if process.poll() is not None:
            raise ToolError(f"{name} ended at once: {_last_line(log)} (all of it: {log})")
        if time.monotonic() > start + seconds:
            process.kill()
            process.wait()
            raise ToolError(f"{name} was not ready within {seconds} s: {_last_line(log)} (all of it: {log})")
        time.sleep(0.1)


def stop(folder: Path, seconds: float = _STOP_S) -> bool:
    """End the server of a folder politely, so that it saves its data; -> False when there was none running.
    ToolError when it does not end."""
    pid = running(folder)
    if pid is None:
        return False
    if sys.platform == "win32":  # where nobody is asked to end
        time.sleep(_SAVED_S)
    os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + seconds
    while alive(pid):
        if time.monotonic() > deadline:
            raise ToolError(
                f"process {pid} was told to end {seconds:g} s ago and still saves its data, or waits for a busy "
                "computer: run the same command again; killed, it may lose what changed last"
            )
        time.sleep(0.1)
    journal.patiently((folder / RUNNING).unlink, True)
    return True


def alive(pid: int) -> bool:
    """True while a process runs; an ended one that nobody has waited for does not count."""
    if sys.platform == "win32":
        return bool(windows.started(pid))
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, PermissionError):
        return False
    fields = _status(pid)
    return fields[0] != "Z" if fields else not Path("/proc").is_dir()


def _started(pid: int) -> str:
    """When a process started, in the system's own words."""
    if sys.platform == "win32":
        return windows.started(pid)
    fields = _status(pid)
    if fields:
        return fields[19]  # in ticks since the computer did: https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html
    told = subprocess.run(["ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, encoding="utf-8", check=False)
    return told.stdout.strip()


def _status(pid: int) -> list[str]:
    """The fields of /proc/PID/stat from the third on; none where there is no such file."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    except OSError:
        return []


def nearest(folder: Path, name: str) -> Path | None:
    """The folder of this name whose server runs: in a folder, or in one above it."""
    return next(filter(running, state.above(folder, name)), None)


def answers(port: int) -> bool:
    """True when something listens on a port of this machine."""
    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def stays(port: int, seconds: float = 3) -> bool:
    """As answers(), where a process that was killed gets time to be gone: its last threads may hold the port."""
    deadline = time.monotonic() + seconds
    while answers(port):
        if time.monotonic() > deadline:
            return True
        time.sleep(0.05)
    return False


def free_port(first: int) -> int:
    """The first port from `first` on that a server can have.

    Not one that the system picks: it gives those to outgoing connections as well, so that a server which is started
    again on its port might find it taken.
    """
    return next(port for port in range(first, 65536) if not answers(port) and _can_be_had(port))


def _can_be_had(port: int) -> bool:
    """False also where somebody holds it and does not listen yet."""
    with socket.socket() as probe:
        if os.name == "posix":  # what is left of closed connections is in nobody's way; on Windows all would be had
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("", port))
        except OSError:
            return False
    return True


def _last_line(log: Path) -> str:
    lines = Path(log).read_text(encoding="utf-8", errors="replace").strip().splitlines()
    return lines[-1].strip() if lines else "it said nothing"
