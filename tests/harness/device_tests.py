"""Collects the tests of tests/device a second and third time, to be run by MicroPython 64 and 32 bit.

The files hold plain `test_*` functions without arguments. 64-bit MicroPython gets the sources of aws_iot, which keep
line numbers in tracebacks; 32-bit gets the .mpy files that boards get. Each test has a process, and so a heap, of its
own.
"""

import ast
import subprocess
from pathlib import Path

import pytest

from .runtimes import RUNTIMES, run_script

_RUNNER = Path(__file__).with_name("device_runner.py")
_FORMS = {"mp64": "py", "mp32": "mpy"}
# The test file itself is compiled in it, and the largest message needs one free piece of 66 KB among what that leaves.
_HEAPS = {"mp64": "1m", "mp32": "512k"}
_TIMEOUT_S = 200  # less than pytest's own, so that a test which hangs shows what it printed


class DeviceFile(pytest.File):
    """One file of tests/device, as MicroPython sees it."""

    def collect(self):
        for function in ast.parse(self.path.read_text()).body:
            if not isinstance(function, ast.FunctionDef) or not function.name.startswith("test_"):
                continue
            if function.args.args:
                raise self.CollectError(f"{function.name} takes arguments, and MicroPython has no fixtures")
            for runtime in _FORMS:
                yield DeviceTest.from_parent(
                    self, name=f"{function.name}[{runtime}]", function=function, runtime=RUNTIMES[runtime]
                )


class DeviceFailure(Exception):
    """What MicroPython printed when a test failed."""


class DeviceTest(pytest.Item):
    """One test function on one MicroPython."""

    def __init__(self, function, runtime, **kwargs) -> None:
        super().__init__(**kwargs)
        self._function, self._runtime = function, runtime

    def runtest(self) -> None:
        module = self.path.with_suffix("").as_posix()
        options = {"timeout_s": _TIMEOUT_S, "heap": _HEAPS[self._runtime.name], "form": _FORMS[self._runtime.name]}
        try:
            done = run_script(self._runtime, _RUNNER, module, self._function.name, **options)
        except subprocess.TimeoutExpired as error:
            raise DeviceFailure(f"not finished after {_TIMEOUT_S} s\n{error.stdout}{error.stderr}") from None
        if done.returncode:
            raise DeviceFailure(f"status {done.returncode}\n{done.stdout}{done.stderr}")

    def repr_failure(self, excinfo, style=None):
        if isinstance(excinfo.value, DeviceFailure):
            return f"{self._runtime.name}: {excinfo.value}"
        return super().repr_failure(excinfo, style)

    def reportinfo(self):
        return self.path, self._function.lineno - 1, self.name
