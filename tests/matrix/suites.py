"""The suites of the matrix, each as the commands that run it and how many of its tests passed and failed."""

import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass
from pathlib import Path

from tests.harness import CACHE, ROOT, board_tls, tally
from tests.harness.pairs import Pair

FOLDER = CACHE / "matrix"
_WORKERS = "6"
# The tests of the host's tools that a board takes part in, which is a 32-bit one.
_BOARD = [f"tests/host/test_{name}.py" for name in ("board", "flash", "walkthrough", "fota_walkthrough")]


@dataclass
class Result:
    passed: int = 0
    failed: int = 0


@dataclass(frozen=True)
class Suite:
    """`tests`: what pytest runs; `programs`: what else, which say so by tally.line."""

    name: str
    tests: tuple = ()
    programs: tuple = ()
    bits: tuple = (64, 32)
    board_tls: bool = False

    def run(self, pair: Pair) -> Result:
        """Run it all on the pair; what it prints goes into a log of its own."""
        total, runtime = Result(), f"mp{pair.bits}"
        log = self.log(pair)
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("w") as output:
            if self.tests:
                self._add(total, self._pytest(runtime, self._environment(pair), output))
            for program in self.programs:
                self._add(total, self._program([*program, "--runtime", runtime], self._environment(pair), output))
        return total

    def log(self, pair: Pair) -> Path:
        return FOLDER / f"{pair.firmware.replace(', ', '+')}-{pair.bits}-{self.name.replace(' ', '-')}.log"

    def _environment(self, pair: Pair) -> dict:
        more = {"OPENSSL_CONF": str(board_tls.CONFIGURATION)} if self.board_tls else {}
        return {**pair.environment(), **more}

    def _add(self, total: Result, part: Result) -> None:
        total.passed += part.passed
        total.failed += part.failed

    def _pytest(self, runtime, environment, output) -> Result:
        """What is neither passed nor failed, an error in a fixture or a skip, counts as failed."""
        report = FOLDER / "report.xml"
        report.unlink(missing_ok=True)
        workers = ["-n", _WORKERS, "--dist", "load", "--maxschedchunk", "1"]
        options = [*workers, "--runtime", runtime, f"--junitxml={report}"]
        self._call(["-m", "pytest", *options, *self.tests], environment, output)
        if not report.exists():
            return Result(failed=1)
        suite = ElementTree.parse(report).getroot().find("testsuite")
        count = {name: int(suite.get(name)) for name in ("tests", "failures", "errors", "skipped")}
        failed = count["failures"] + count["errors"] + count["skipped"]
        return Result(count["tests"] - failed, failed or int(not count["tests"]))

    def _program(self, command, environment, output) -> Result:
        printed = self._call(["-m", *command], environment, output)
        counts = tally.read(printed)
        return Result(*counts) if counts else Result(failed=1)

    def _call(self, arguments, environment, output) -> str:
        done = subprocess.run(
            [sys.executable, *map(str, arguments)], cwd=ROOT, env=environment, text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
        output.write(done.stdout)
        output.flush()
        return done.stdout


SUITES = (
    Suite("device", ("tests/device",)),
    Suite("system", ("tests/system",)),
    Suite("tools", tuple(_BOARD), bits=(32,)),
    Suite("faults", programs=(("tests.faults", "--quick"),)),
    Suite("Device Advisor", programs=(("tests.faults.advise",),)),
    Suite("boards' TLS", ("tests/system",), (("tests.faults", "tls", "--quick"),), board_tls=True),
)
