"""Free loopback ports, and waiting until a server listens on one."""

import socket
import time


def free_port() -> int:
    """A port that was free a moment ago; one who loses the race to bind it has to ask again."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for_port(port: int, process, timeout_s: float = 60) -> None:
    """Return once something accepts on the port; RuntimeError when the process ends or the time is up."""
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"{process.args[0]} ended with status {process.returncode} before it listened")
        try:
            socket.create_connection(("127.0.0.1", port), timeout=10).close()
            return
        except OSError:
            time.sleep(0.02)
    raise RuntimeError(f"{process.args[0]} does not listen on port {port} after {timeout_s} s")
