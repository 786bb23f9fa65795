"""A device program as a process of its own, in stepped time: started on one of the runtimes, heard as JSON lines."""

import asyncio
import contextlib
import json
import signal

from tests.harness import program, stepped
from tests.harness.runtimes import RUNTIMES


class Device:
    """Runs programs/NAME.py on `runtime`, `params` in its environment, in a heap of this size (MicroPython: "56k")."""

    def __init__(self, runtime, name, params, heap=None, cwd=None):
        self.runtime, self.name, self.params, self.heap = RUNTIMES[runtime], name, params, heap
        self.cwd = cwd
        self.said, self.errors, self.returncode, self.awaited = [], "", None, None

    async def __aenter__(self):
        self._clock = asyncio.get_running_loop().clock
        self._time = stepped.Stepped(self._clock, self._hangs)
        argv = self.runtime.command(program("faults", self.name), heap=self.heap)
        self._process = await asyncio.create_subprocess_exec(
            *argv,
            env={**self.runtime.environment(), **self._time.environment, "DEVICE": json.dumps(self.params)},
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
        self.returncode = await self._process.wait()
        self._time.leave()

    def _hangs(self):
        self.errors += f"it neither waited nor said anything for {stepped.HANG_S} s of real time"
        self.kill()

    def heard(self, event, **fields):
        """What the device said of one event, oldest first."""
        return [
            said
            for said in self.said
            if said["e"] == event and all(said.get(name) == value for name, value in fields.items())
        ]

    async def until(self, done, what):
        """Wait until done() is true; AssertionError when the device ends without it."""
        self.awaited = what
        while not (result := done()):
            if self.returncode is not None:
                raise AssertionError(f"the device ended ({self.returncode}) before {what}")
            await self._clock.settled()
        return result

    async def says(self, event, count=1, **fields):
        """Wait for the count-th such event."""
        what = f"'{event}'{fields or ''}{f' number {count}' if count > 1 else ''}"
        await self.until(lambda: len(self.heard(event, **fields)) >= count, what)
        return self.heard(event, **fields)[count - 1]

    async def ends(self):
        """Wait for the process to end by itself; its exit status."""
        self.awaited = "end of the device"
        await asyncio.shield(self._reader)
        return self.returncode

    def kill(self):
        """The power goes off."""
        self._process.send_signal(signal.SIGKILL)

    def freeze(self, yes):
        """Stop the process, or let it go on: deep sleep."""
        self._time.stopped = yes
        self._process.send_signal(signal.SIGSTOP if yes else signal.SIGCONT)
