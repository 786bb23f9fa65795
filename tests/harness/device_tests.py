"""Collects the tests of tests/device again, to be run by each MicroPython.

The files hold plain `test_*` functions without arguments. 64-bit MicroPython gets the sources of aws_iot, which keep
line numbers in tracebacks; 32-bit gets the .mpy files that boards get. On what everything runs on each test has a
process, and so a heap, of its own; on what runs beside it a file's tests share one.
"""

import ast
import subprocess
import tempfile

import pytest

from . import pairs, program
from .runtimes import RUNTIMES, run_script

_RUNNER = program("harness", "run_tests")
_FORMS = {"mp64": "py", "mp32": "mpy"}
# The test file itself is compiled in it, and the largest message needs one free piece of 66 KB among what that leaves.
_HEAPS = {"mp64": "1m", "mp32": "512k"}
_SHARED_HEAP = "2m"  # of no board: what the tests before have left lies in it
_ALONE = ("test_init", "test_background")  # their tests look at what a process has loaded, and end threads with it
_MIXED = "Comparison between bytes and str"  # a warning on the console of a board, for each message
_TIMEOUT_S = 200  # less than pytest's own, so that a test which hangs shows what it printed


class DeviceFile(pytest.File):
    """One file of tests/device, as MicroPython sees it."""

    def collect(self):
        functions = list(self._functions())
        for runtime in (RUNTIMES[name] for name in _FORMS):
            yield from self._one_by_one(functions, runtime)
        for runtime in pairs.beside():
            if self.path.stem in _ALONE:
                yield from self._one_by_one(functions, runtime)
            else:
                yield self._test(f"all[{runtime}]", functions, runtime)

    def _functions(self):
        for function in ast.parse(self.path.read_text()).body:
            if not isinstance(function, ast.FunctionDef) or not function.name.startswith("test_"):
                continue
            if function.args.args:
                raise self.CollectError(f"{function.name} takes arguments, and MicroPython has no fixtures")
            yield function

    def _one_by_one(self, functions, runtime):
        for function in functions:
            yield self._test(f"{function.name}[{runtime}]", [function], runtime)

    def _test(self, name, functions, runtime):
        return DeviceTest.from_parent(self, name=name, functions=functions, runtime=runtime)


class DeviceFailure(Exception):
    """What MicroPython printed when a test failed."""


class DeviceTest(pytest.Item):
    """Test functions of one file on one MicroPython, in one process."""

    def __init__(self, functions, runtime, **kwargs) -> None:
        super().__init__(**kwargs)
        self._functions, self.runtime = functions, runtime

    def runtest(self) -> None:
        names = [function.name for function in self._functions]
        kind = self.runtime.name
        options = {"heap": _HEAPS[kind] if len(names) == 1 else _SHARED_HEAP, "form": _FORMS[kind]}
        try:
            with tempfile.TemporaryDirectory(prefix="aws_iot-") as folder, pytest.MonkeyPatch.context() as environment:
                environment.setenv("TMPDIR", folder)
                done = run_script(
                    self.runtime, _RUNNER, self.path.with_suffix("").as_posix(), *names, timeout_s=_TIMEOUT_S, **options
                )
        except subprocess.TimeoutExpired as error:
            raise DeviceFailure(f"not finished after {_TIMEOUT_S} s\n{error.stdout}{error.stderr}") from None
        if done.returncode or _MIXED in done.stdout + done.stderr:
            raise DeviceFailure(f"status {done.returncode}\n{done.stdout}{done.stderr}")

    def repr_failure(self, excinfo, style=None):
        if isinstance(excinfo.value, DeviceFailure):
            return f"{self.runtime}: {excinfo.value}"
        return super().repr_failure(excinfo, style)

    def reportinfo(self):
        return self.path, self._functions[0].lineno - 1, self.name
