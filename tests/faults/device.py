"""A device program as a process of its own: started on one of the runtimes, heard as JSON lines."""

import asyncio
import contextlib
import json
import signal
from pathlib import Path

from tests.harness.runtimes import RUNTIMES

_FOLDER = Path(__file__).parent


class Hang(AssertionError):
    """Something that had to happen in time did not."""


class Device:
    """Runs device_NAME.py on `runtime`, `params` in its environment, in a heap of this size (MicroPython: "56k")."""

    def __init__(self, runtime, name, params, heap=None, cwd=None):
        self.runtime, self.name, self.params, self.heap = RUNTIMES[runtime], name, params, heap
        self.cwd = cwd
        self.said, self.errors, self.returncode, self.hung = [], "", None, False
        self.patience = 1  # a wait is a hang after this many times what it should take
        self._changed = asyncio.Event()

    async def __aenter__(self):
        argv = self.runtime.command(_FOLDER / f"device_{self.name}.py", heap=self.heap)
        self._process = await asyncio.create_subprocess_exec(
            *argv,
            env={**self.runtime.environment(), "DEVICE": json.dumps(self.params)},
            cwd=self.cwd,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            limit=1 << 20,
        )
        self._reader = asyncio.get_running_loop().create_task(self._read())
        return self

    async def __aexit__(self, *_):
        if self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()
        await self._reader

    async def _read(self):
        loop = asyncio.get_running_loop()
        while line := await self._process.stdout.readline():
            try:
                said = json.loads(line)
                said["at"] = loop.time()
                self.said.append(said)
            except (ValueError, TypeError):
                self.errors += line.decode(errors="replace")
            self._changed.set()
        self.returncode = await self._process.wait()
        self._changed.set()

    def heard(self, event, **fields):
        """What the device said of one event, oldest first."""
        return [
            said
            for said in self.said
            if said["e"] == event and all(said.get(name) == value for name, value in fields.items())
        ]

    async def until(self, done, within_s, what):
        """Wait until done() is true; Hang when it is not in time, AssertionError when the device ends without it."""
        loop = asyncio.get_running_loop()
        within_s *= self.patience
        deadline = loop.time() + within_s
        while not (result := done()):
            if self.returncode is not None:
                raise AssertionError(f"the device ended ({self.returncode}) before {what}")
            left = deadline - loop.time()
            if left <= 0:
                self.hung = True
                raise Hang(f"no {what} within {within_s:g} s")
            self._changed.clear()
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self._changed.wait(), min(left, 0.02))
        return result

    async def says(self, event, within_s=10, count=1, **fields):
        """Wait for the count-th such event."""
        what = f"'{event}'{fields or ''}{f' number {count}' if count > 1 else ''}"
        await self.until(lambda: len(self.heard(event, **fields)) >= count, within_s, what)
        return self.heard(event, **fields)[count - 1]

    async def ends(self, within_s):
        """Wait for the process to end by itself; its exit status."""
        try:
            await asyncio.wait_for(asyncio.shield(self._reader), within_s * self.patience)
        except asyncio.TimeoutError:
            self.hung = True
            raise Hang(f"the device did not end within {within_s * self.patience:g} s") from None
        return self.returncode

    def kill(self):
        """The power goes off."""
        self._process.send_signal(signal.SIGKILL)

    def freeze(self, yes):
        """Stop the process, or let it go on: deep sleep."""
        self._process.send_signal(signal.SIGSTOP if yes else signal.SIGCONT)
