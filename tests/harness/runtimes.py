"""The interpreters that the device library is tested on, and a device script as a process on one of them."""

import fcntl
import functools
import json
import os
import queue
import subprocess
import sys
import tempfile
import termios
import threading
import time
from pathlib import Path

from aws_iot_tools.board import mpy
from aws_iot_tools.selftest import interpreter

from . import HANG_S, ROOT, umqtt_versions

_HARNESS = ROOT / "tests" / "harness"
_READING_S = 0.1  # from the pipe to the queue


class Runtime:
    """One interpreter, `cpython`, `mp64` or `mp32` (MicroPython's unix port, 64 and 32 bit), with a umqtt.simple.

    `interpreter` and `umqtt_version` are those that everything runs on, unless they are given.
    """

    def __init__(self, name: str, umqtt_version: str | None = None, interpreter: Path | None = None) -> None:
        self.name = name
        self.bits = {"mp64": 64, "mp32": 32}.get(name)
        self._umqtt_version, self._interpreter = umqtt_version, interpreter

    def __repr__(self) -> str:
        return self.label

    @property
    def label(self) -> str:
        """The name, and what differs from what everything runs on."""
        version = f"-{interpreter.version(self._interpreter)}" if self._interpreter else ""
        return self.name + version + (f"-umqtt{self._umqtt_version}" if self._umqtt_version else "")

    @property
    def interpreter(self) -> Path:
        return self._interpreter or interpreter.found(self.bits)

    @property
    def umqtt_version(self) -> str:
        return self._umqtt_version or umqtt_versions.chosen(self.bits or 64)

    @functools.cache  # noqa: B019  there are few, and they live as long as the process
    def has(self, module: str) -> bool:
        """Whether this MicroPython has the module; of CPython it is not asked."""
        if not self.bits:
            return True
        return not subprocess.run([self.interpreter, "-c", f"import {module}"], capture_output=True).returncode

    @functools.cached_property
    def tls13(self) -> bool:
        """Whether it knows TLS 1.3, which upstream's builds do not."""
        if not self.bits:
            return True
        program = "import tls; print(tls.SSLContext(tls.PROTOCOL_TLS_CLIENT).get_ciphers())"
        return "TLS1-3" in subprocess.run([self.interpreter, "-c", program], capture_output=True, text=True).stdout

    def command(self, script, *arguments, heap: str | None = None) -> list:
        """The command line that runs a script; heap is MicroPython's heap size, such as "56k"."""
        words = [str(script), *map(str, arguments)]
        if not self.bits:
            return [sys.executable, "-u", *words]
        return [str(self.interpreter), *(["-X", f"heapsize={heap}"] if heap else []), *words]

    def environment(self, form: str = "mpy", extra_paths: tuple = ()) -> dict:
        """The process environment in which aws_iot and umqtt.simple import, as .mpy files (what boards get) or .py."""
        if not self.bits:
            paths = [umqtt_versions.folder(self.umqtt_version), ROOT, _HARNESS / "cpython", *extra_paths]
            return {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, paths))}
        if form == "mpy":
            mpy.compile_package(ROOT / "aws_iot")
        paths = [umqtt_versions.folder(self.umqtt_version, form), mpy.FOLDER if form == "mpy" else ROOT, *extra_paths]
        # "" is the script's folder for the unix port; asyncio is frozen.
        return {**os.environ, "MICROPYPATH": ":".join(["", *map(str, paths), ".frozen"])}


RUNTIMES = {name: Runtime(name) for name in ("cpython", "mp64", "mp32")}


class Process:
    """A device script that says what happens on stdout, one JSON object with an "event" per line.

    Other lines are kept as {"event": "print", "text": line}. `expect` consumes events in order; a failure shows all of
    them and the end of stderr.
    """

    def __init__(self, runtime: Runtime, script, *arguments, heap=None, form="mpy", extra_paths=(), cwd=None) -> None:
        self.events = []
        self._taken = 0
        self._arrived = queue.Queue()
        self._stderr = tempfile.TemporaryFile("w+")  # noqa: SIM115  closed with the process
        self.started = time.monotonic()
        self._process = subprocess.Popen(
            runtime.command(script, *arguments, heap=heap),
            env=runtime.environment(form, extra_paths),
            cwd=cwd,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._stderr,
            text=True,
            bufsize=1,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def __enter__(self):
        return self

    def __exit__(self, *_) -> None:
        self.stop()

    def _read(self) -> None:
        for line in self._process.stdout:
            try:
                event = json.loads(line)
                if "event" not in event:
                    raise ValueError
            except (ValueError, TypeError):
                event = {"event": "print", "text": line.rstrip("\n")}
            event["at_s"] = round(time.monotonic() - self.started, 4)
            self._arrived.put(event)
        self._arrived.put(None)

    def expect(self, event: str, timeout_s: float = HANG_S, **members) -> dict:
        """The next event of this kind with these members; AssertionError when it does not come in time."""

        def wanted(found):
            return found["event"] == event and all(found.get(name) == value for name, value in members.items())

        return self.expect_that(wanted, timeout_s, f"{event} {members or ''}")

    def expect_that(self, wanted, timeout_s: float = HANG_S, description: str = "such event") -> dict:
        """The next event for which wanted(event) is true; AssertionError when it does not come in time."""
        deadline = time.monotonic() + timeout_s
        while True:
            while self._taken < len(self.events):
                found = self.events[self._taken]
                self._taken += 1
                if wanted(found):
                    return found
            if not self._await(deadline):
                raise AssertionError(f"no {description} within {timeout_s} s\n{self.report()}")

    def _await(self, deadline: float) -> bool:
        try:
            event = self._arrived.get(timeout=max(0, deadline - time.monotonic()))
        except queue.Empty:
            return False
        if event is None:
            self._arrived.put(None)
            return False
        self.events.append(event)
        return True

    def settle(self, seconds: float) -> list:
        """Wait, then return the events that came and were not yet taken; they stay there to be expected."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and self._await(deadline):
            pass
        return self.events[self._taken :]

    def read_up(self) -> None:
        """Take all that the script has said until now."""
        while fcntl.ioctl(self._process.stdout, termios.FIONREAD, bytes(4)) != bytes(4):
            time.sleep(0.01)
        self.settle(_READING_S)

    def send(self, line: str) -> None:
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()

    def wait(self, timeout_s: float = HANG_S) -> int:
        """The script's exit status; AssertionError when it does not end in time."""
        try:
            status = self._process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"still running after {timeout_s} s\n{self.report()}") from None
        self._reader.join(timeout_s)
        self.settle(0.01)
        return status

    @property
    def ended(self) -> bool:
        return self._process.poll() is not None

    def pause(self, signal_number: int) -> None:
        self._process.send_signal(signal_number)

    def stop(self) -> None:
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()
        self._reader.join(5)
        self._errors = self.stderr
        for stream in (self._process.stdin, self._process.stdout, self._stderr):
            try:
                stream.close()
            except OSError:  # what was written and never read
                pass

    @property
    def stderr(self) -> str:
        if self._stderr.closed:
            return self._errors
        self._stderr.seek(0)
        return self._stderr.read()

    def report(self) -> str:
        lines = [json.dumps(event) for event in self.events[-60:]]
        return "\n".join([f"status {self._process.poll()}, events:", *lines, "stderr:", self.stderr[-3000:]])


def run_script(runtime: Runtime, script: Path, *arguments, timeout_s=60, heap=None, form="mpy", extra_paths=()):
    """Run a script to its end and return the CompletedProcess."""
    return subprocess.run(
        runtime.command(script, *arguments, heap=heap),
        env=runtime.environment(form, extra_paths),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=timeout_s,
    )
