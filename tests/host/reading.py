"""What a command prints that goes on until Ctrl-C."""

import re
import signal
import subprocess
import time

from ..harness import HANG_S


class Reading:
    """Of a process: `text` is what it has printed so far; the end of `with` is Ctrl-C, and what came after that."""

    def __init__(self, process: subprocess.Popen) -> None:
        self.process, self.text = process, ""

    def __enter__(self):
        return self

    def __exit__(self, *_) -> None:
        self.process.send_signal(signal.SIGINT)
        if not self.process.stdout.closed:
            self.text += self.process.communicate(timeout=HANG_S)[0]

    def expect(self, pattern: str) -> re.Match:
        """Read until the output has this; AssertionError when the command ends before."""
        deadline = time.monotonic() + HANG_S
        while not (found := re.search(pattern, self.text)):
            line = self.process.stdout.readline()
            if not line or time.monotonic() > deadline:
                said = self.process.stderr.read() if self.process.stderr else ""
                raise AssertionError(f"{self.text}\n{said}")
            self.text += line
        return found
