"""A board's serial port as a program on it leaves it: nothing is stopped, and nothing reset."""

from __future__ import annotations

import codecs
import contextlib
import io
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ..errors import ToolError
from ..shapes import Say
from .played import place

_LOOK_S = 0.05
_SILENT_S = 10  # the longest that a board takes to read, or to answer, a few bytes
_BACK_S = 0.5  # between two looks for a board that is gone
_MAY_NOT = (
    "this user has not the permission to open {}: on Linux its group has, mostly dialout (`sudo usermod -a -G dialout "
    "$USER`, then log in again)"
)


def find(say: Say) -> str:
    """The serial port of the one board that is plugged in, or that `thing board` plays for this folder, which is said.
    ToolError when there is none, or more than one."""
    from serial.tools import list_ports

    ports = sorted(port.device for port in list_ports.comports() if port.vid is not None)
    played = place.nearest(Path.cwd())
    if played:
        ports.append(played)
    if not ports:
        raise ToolError(
            "no board found: is it plugged in (with a data cable)? Or name its port with --port. Without a board, "
            "`thing board` in another terminal plays one"
        )
    if len(ports) > 1:
        which = f" ({played} is the one that `thing board` plays)" if played else ""
        raise ToolError(f"there are {len(ports)} boards: choose one with --port {' or '.join(ports)}{which}")
    if played:
        say(f"the board at {played} is the one that `thing board` plays on this computer")
    return ports[0]


def refused(port: str) -> ToolError:
    """Why a port could not be opened, in words."""
    if os.path.exists(port) and not os.access(port, os.R_OK | os.W_OK):
        return ToolError(_MAY_NOT.format(port))
    return ToolError(f"no board at {port}: is it plugged in, and does no other program (Thonny, a serial monitor) use "
                     "the port?")  # fmt: skip


def follow(port: str | None, say: Say) -> Iterator[str]:
    """What a board prints, as it comes: pieces of text whose lines end with a newline.

    A board that is unplugged is waited for; without a port, it may come back at another one. ToolError when there is
    none at the start.
    """
    line = _open(port or find(say))
    while True:
        say(f"following the board at {line.device_name}; Ctrl-C ends it")
        try:
            yield from _read(line)
        except OSError:
            say("the board is gone; waiting for it")
        finally:
            close(line)
        while (found := _back(port)) is None:
            time.sleep(_BACK_S)
        line = found


def connect(port: str) -> Any:
    """mpremote's SerialTransport, whose way of opening a port resets no ESP32, and none of whose waits is without an
    end; its TransportError when it cannot be opened."""
    from mpremote import transport_serial

    # It prints what it does not understand, and to redirect stdout for a call is to do so for all threads.
    vars(transport_serial)["print"] = lambda *_: None
    line = transport_serial.SerialTransport(port, baudrate=115200, timeout=_SILENT_S)
    line.serial.write_timeout = _SILENT_S
    return line


def _open(port: str) -> Any:
    """As connect(), and ToolError says why not."""
    from mpremote.transport import TransportError

    try:
        return connect(port)
    except TransportError as error:
        raise refused(port) from error


def close(line: Any) -> None:
    """Close a line, also one whose board is gone: mpremote's own close() ends there before it has closed anything, and
    a tty that somebody holds keeps its name from the board that comes back."""
    for each in (line, line.serial):
        with contextlib.suppress(OSError):
            each.close()


def _back(port: str | None) -> Any:
    """The board's line, or None while it is not there."""
    with contextlib.suppress(ToolError, OSError):
        return _open(port or find(lambda text: None))
    return None


def _read(line: Any) -> Iterator[str]:
    """The text that comes; OSError when the board is gone."""
    words = io.IncrementalNewlineDecoder(codecs.getincrementaldecoder("utf-8")("replace"), translate=True)
    while True:
        waiting = line.serial.inWaiting()
        text = words.decode(line.serial.read(waiting)) if waiting else ""
        if text:
            yield text
        elif not waiting:
            time.sleep(_LOOK_S)


def repl(port: str) -> int:
    """mpremote's terminal at the board's prompt; -> its exit code."""
    if not sys.stdin.isatty():
        raise ToolError("repl is for a terminal: `thing logs` follows a board without one")
    _open(port).close()  # mpremote has one sentence for all that may be wrong with a port
    return subprocess.call([sys.executable, "-m", "mpremote", "connect", port, "repl"])
