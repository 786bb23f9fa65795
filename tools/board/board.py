"""A board on a serial line, spoken to through mpremote's library (the one module that knows it; pinned below 2)."""

from __future__ import annotations

import ast
import base64
import contextlib
import hashlib
import itertools
import re
import struct
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from ..errors import ToolError
from ..shapes import Advance, Json, Say
from . import ports

_TELLING = ("Wi-Fi", "clock", "disconnected", "not ready")
_ERROR = re.compile(r"\w*(Error|Exception|Interrupt)\b")  # the last line of a traceback
_BACK_S = 30  # how long a board with USB of its own may be gone when it resets
_TRIES = 3
_CLOCK_S = 5  # which no date of a certificate is about
_CHUNK = 1024  # bytes per write: the board holds them and their base 64 while it compiles that one line

INFO = """
import os, sys
i = sys.implementation
lib = [p for p in sys.path if p.endswith('/lib') and not p.startswith('/rom')]  # ROMFS takes no files
s = os.statvfs('/')
try:
    import umqtt.simple as m
    u = getattr(m, '__file__', 'frozen')
except ImportError:
    u = None
m = getattr(i, '_machine', sys.platform)
try:
    r = '/rom/lib' in sys.path and 'aws_iot' in os.listdir('/rom/lib')
except OSError:  # it has no lib
    r = False
try:
    from machine import unique_id
    c = ''.join('%02x' % b for b in unique_id())
except ImportError:
    c = None
print(repr({'version': i.version[:3], 'machine': m, 'platform': sys.platform, 'mpy': getattr(i, '_mpy', 0) & 255,
    'lib': lib[0] if lib else '/lib', 'free': s[0] * s[3], 'umqtt': u,
    'rom': r, 'chip': c}))
"""
_HASHES = """
import hashlib, binascii
b = bytearray(512)
v = memoryview(b)
for p in %r:
    try:
        f = open(p, 'rb')
    except OSError:
        continue
    h = hashlib.sha256()
    while True:
        n = f.readinto(b)
        if not n:
            break
        h.update(v[:n])
    f.close()
    print(repr((p, binascii.hexlify(h.digest()).decode())))
"""
_FILES = """
import os
def walk(d):
    for e in os.ilistdir(d):
        p = d + '/' + e[0]
        if e[1] & 0x4000:
            walk(p)
        else:
            print(repr(p))
try:
    walk(%r)
except OSError:
    pass
"""
_PARENTS = """
import os
for d in %r:
    try:
        os.mkdir(d)
    except OSError:
        pass
"""
_OPEN = """
from binascii import a2b_base64 as a
f = open(%r, 'wb')
w = f.write
"""
_REMOVE = """
import os
for p in %r:
    os.remove(p)
    try:
        while True:
            p = p[:p.rindex('/')]
            os.rmdir(p)
    except (OSError, ValueError):  # something else is in it
        pass
"""
_RENAME = """
import os
for p in %r:
    try:
        os.rename(p + '.new', p)
    except OSError:  # FAT does not rename over a file
        os.remove(p)
        os.rename(p + '.new', p)
"""
_REMOVE_FOLDER = """
import os
def remove(d):
    for e in os.ilistdir(d):
        p = d + '/' + e[0]
        if e[1] & 0x4000:
            remove(p)
        else:
            os.remove(p)
    os.rmdir(d)
try:
    os.stat(%r)
    found = True
except OSError:
    found = False
if found:
    remove(%r)
"""
_CLOCK = """
import time
try:
    from machine import RTC
    RTC().datetime(%r)
except ImportError:
    pass
print(repr(tuple(time.gmtime()[:6])))
"""


class NotReady(ToolError):
    """A program that runs and has not come so far."""


class Board:
    """One board, stopped and in its raw REPL; a context manager that leaves it at its prompt."""

    def __init__(self, port: str) -> None:
        self.port = port
        self._serial: Any = None  # mpremote's SerialTransport, while the board is connected

    def __enter__(self) -> Board:
        from mpremote.transport import TransportError

        with self._words():
            self._serial = ports.connect(self.port)
            try:
                self._serial.enter_raw_repl(soft_reset=True)
            except (TransportError, OSError):
                ports.close(self._serial)
                raise
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(OSError):  # a cable that was pulled
            if self._serial.in_raw_repl:
                self._serial.exit_raw_repl()
        ports.close(self._serial)

    def info(self) -> Json:
        """Firmware version, machine and platform, .mpy format, library folder, free bytes, where umqtt.simple is (or
        None), whether the library is in ROMFS as well, and the id of its chip (hex; None where the port has none)."""
        return ast.literal_eval(self.run(INFO))

    def run(self, code: str, timeout_s: float = 30, consume: Callable[[bytes], None] | None = None) -> str:
        """Run code on the board; -> what it printed. An exception there is a ToolError with its last line.

        timeout_s: longest silence. consume(bytes) gets the output as it comes, one byte at a time.
        """
        from mpremote.transport import TransportExecError

        with self._words():
            printed, error = self._serial.exec_raw(code, timeout=timeout_s, data_consumer=consume)
            if error:
                raise TransportExecError(printed, error.decode(errors="replace"))
        return printed.decode(errors="replace").strip()

    def hashes(self, paths: Iterable[str]) -> dict[str, str]:
        """The SHA-256 (hex) of each of these files that the board has."""
        lines = self.run(_HASHES % (list(paths),)).splitlines()
        return dict(ast.literal_eval(line) for line in lines)

    def files(self, folder: str) -> list[str]:
        """The paths of all files under a folder."""
        return [ast.literal_eval(line) for line in self.run(_FILES % (folder,)).splitlines()]

    def write(self, files: dict[str, bytes], advance: Advance) -> None:
        """Replace files ({path: bytes}); advance() is called after each.

        All of them are written beside the old ones and read back first, and only then renamed: a cable that is pulled
        on the way leaves the old set.
        """
        parents = {path[:index] for path in files for index in range(1, len(path)) if path[index] == "/"}
        self.run(_PARENTS % (sorted(parents),))
        for path, content in files.items():
            self._write_one(f"{path}.new", content)
            advance()
        there = self.hashes([f"{path}.new" for path in files])
        for path, content in files.items():
            if there.get(f"{path}.new") != hashlib.sha256(content).hexdigest():
                raise ToolError(f"{path} did not arrive whole (a bad cable, worn flash?); nothing was replaced")
        self.run(_RENAME % (list(files),))

    def _write_one(self, path: str, content: bytes) -> None:
        """One call over the line per chunk; base 64 is shorter there than repr() of binary data."""
        code = _OPEN % path
        for start in range(0, len(content), _CHUNK):
            code += f"w(a({base64.b64encode(content[start : start + _CHUNK])!r}))\n"
            if start + _CHUNK < len(content):
                self.run(code)
                code = ""
        self.run(code + "f.close()")

    def remove(self, paths: Iterable[str]) -> None:
        """Remove files, and the folders that are empty then: MicroPython takes an empty folder for a package."""
        self.run(_REMOVE % (list(paths),))

    def remove_folder(self, path: str) -> None:
        """Remove a folder, if it is there, with all that is in it."""
        self.run(_REMOVE_FOLDER % (path, path))

    def set_clock(self) -> str | None:
        """Set the board's clock to UTC; -> in words that this did not work."""
        now = time.gmtime()
        stamp = (now.tm_year, now.tm_mon, now.tm_mday, now.tm_wday, now.tm_hour, now.tm_min, now.tm_sec, 0)
        told = ast.literal_eval(self.run(_CLOCK % (stamp,)))
        off = abs(time.mktime((*told, 0, 0, 0)) - time.mktime((*time.gmtime()[:6], 0, 0, 0)))
        if off <= _CLOCK_S:
            return None
        return f"clock is {off:.0f} s off and could not be set: TLS will fail unless the program sets it"

    def restart(self, show: Say, lines: int, seconds: float) -> None:
        """Restart the board as switched on; show(line) gets the first lines that it prints, for some seconds."""
        with self._words():
            self._switch()
            for line in itertools.islice(self._printed(time.monotonic() + seconds), lines):
                show(line)

    def restart_until(self, wanted: str, show: Say, seconds: float, arrived: Callable[[], bool]) -> None:
        """Restart the board as switched on and follow what it prints until a line begins with `wanted`, or it has
        arrived() all the same; ToolError when its program ends before, NotReady when neither comes for some seconds."""
        said = ""  # the last line that tells of Wi-Fi, the clock or a connection
        with self._words():
            self._switch()
            end = time.monotonic() + seconds
            for line in self._printed(end, arrived):
                show(line)
                if line.startswith(wanted):
                    return
                if line.startswith(_TELLING) or (not line.startswith(("File ", "Traceback")) and _ERROR.match(line)):
                    said = line
        if arrived():
            return
        if time.monotonic() < end:
            raise ToolError(f"the program has ended before it was {wanted}: {said or 'it said no reason'}")
        reason = said or "its program says nothing of a connection"
        raise NotReady(f"the board was not {wanted} within {seconds:g} s: {reason}")

    def _switch(self) -> None:
        self._serial.exit_raw_repl()
        self._serial.read_until(1, b">>> ", timeout=1)
        self._serial.serial.write(b"\x04")

    def _printed(self, deadline: float, over: Callable[[], bool] = lambda: False) -> Iterator[str]:
        """The lines that a program prints, until it has ended (the prompt has no line's end), or over(), or the time
        is."""
        text = b""
        while not text.startswith(b">>>") and time.monotonic() < deadline and not over():
            waiting = self._serial.serial.inWaiting()
            if not waiting:
                time.sleep(0.01)
            *whole, text = (text + self._serial.serial.read(waiting)).split(b"\n")
            for line in whole:
                words = line.decode(errors="replace").strip()
                if words and words != "MPY: soft reboot":
                    yield words

    def fresh(self) -> None:
        """Stop what runs, and restart the interpreter without main.py; its first seconds may be deaf to Ctrl-C."""
        from mpremote.transport import TransportError

        for left in range(_TRIES - 1, -1, -1):
            try:
                with self._words():
                    self._serial.enter_raw_repl(soft_reset=True)
                return
            except ToolError as error:
                if not left:
                    raise
                if not isinstance(error.__cause__, TransportError):
                    self._reopen()

    def start(self, code: str) -> None:
        """Start code in a fresh interpreter; read() gives what it prints, as the raw REPL frames it."""
        with self._words():
            self._serial.exec_raw_no_follow(code)

    def read(self, timeout_s: float) -> bytes:
        """The bytes that have come, waited for at most timeout_s; b"" when none have."""
        deadline = time.monotonic() + timeout_s
        while True:
            try:
                waiting = self._serial.serial.inWaiting()
                if waiting:
                    return self._serial.serial.read(waiting)
            except OSError:
                self._reopen()
            if time.monotonic() >= deadline:
                return b""
            time.sleep(0.01)

    def _reopen(self) -> None:
        """Open the port again: that of a board with USB of its own goes away when the board resets."""
        from mpremote.transport import TransportError

        deadline = time.monotonic() + _BACK_S
        ports.close(self._serial)
        while True:
            try:
                with self._words():
                    self._serial = ports.connect(self.port)
                return
            except ToolError as error:
                if not isinstance(error.__cause__, TransportError) or time.monotonic() > deadline:
                    raise
                time.sleep(0.5)

    @contextlib.contextmanager
    def _words(self) -> Iterator[None]:
        """Turn mpremote's and pyserial's errors into sentences."""
        from mpremote.transport import TransportError, TransportExecError

        try:
            yield
        except TransportExecError as error:
            last = (error.error_output.strip().splitlines() or ["no message"])[-1]
            if "ENOSPC" in last or "OSError: 28" in last:
                raise ToolError("the board's file system is full: remove what it does not need, then go on") from error
            raise ToolError(f"the board says: {last}") from error
        except TransportError as error:
            if "failed to access" in str(error):
                raise ports.refused(self.port) from error
            reason = "is it running MicroPython? Press its reset button and try again"
            raise ToolError(f"the board at {self.port} does not answer ({error}): {reason}") from error
        except struct.error as error:  # mpremote has met the end of a wait
            raise ToolError(f"the board at {self.port} does not answer any more") from error
        except OSError as error:
            raise ToolError(f"the connection to the board at {self.port} broke: {error}") from error
