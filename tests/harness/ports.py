"""Loopback ports that nobody else takes, and waiting until a server listens on one.

A port of the system's ephemeral range that was free a moment ago, or whose server is being started again, may be that
of somebody's outgoing connection by now. So each process has a block of ports outside of that range, its own as long as
a socket of it is bound to the first of them: whatever else runs here, other runs of these tests included.
"""

import functools
import itertools
import os
import socket
import time
from pathlib import Path

_EPHEMERAL = Path("/proc/sys/net/ipv4/ip_local_port_range")
_IANA = "49152 65535"  # RFC 6335, section 6; what macOS uses
_FIRST, _LAST, _BLOCK = 10000, 65535, 300


def ephemeral() -> range:
    """The ports that the system gives to outgoing connections."""
    first, last = map(int, (_EPHEMERAL.read_text() if _EPHEMERAL.exists() else _IANA).split())
    return range(first, last + 1)


def free_port() -> int:
    """A port of this process's block on which nothing listens; each is given again only after all others."""
    _, ports = _block(os.getpid())
    for port in itertools.islice(ports, _BLOCK):
        with socket.socket() as probe:
            # else the remains of closed connections count as well
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if _bound(probe, port):
                return port
    raise RuntimeError(f"something listens on each of the {_BLOCK} ports of this process")


@functools.cache
def _block(process: int):
    """(the socket that reserves it, its ports over and over) of this process, not of the one that it was forked from"""
    taken = ephemeral()
    starts = range(_FIRST, _LAST - _BLOCK, _BLOCK)
    outside = [start for start in starts if start not in taken and start + _BLOCK - 1 not in taken]
    for start in outside or starts:  # where all ports are ephemeral a block is still the processes' own
        holder = socket.socket()
        if _bound(holder, start):
            return holder, itertools.cycle(range(start + 1, start + _BLOCK))
        holder.close()
    raise RuntimeError(f"no block of {_BLOCK} ports is free")


def _bound(sock: socket.socket, port: int) -> bool:
    try:
        sock.bind(("", port))
    except OSError:
        return False
    return True


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
