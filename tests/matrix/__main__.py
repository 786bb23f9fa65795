"""`python -m tests.matrix [1.26 1.27-32 ...] [--suite device ...] [--again]`: every suite on every pair.

What was run with the same code is not run again, so an interrupted run goes on where it was; a row is written into
docs/versions.md once all its suites have run. MICROPYTHON and MICROPYTHON32 name other interpreters to run on.
"""

import argparse
import datetime
import hashlib
import json
import sys
import time

from tests.harness import ROOT
from tests.harness.pairs import Pair, pairs

from . import table
from .suites import FOLDER, SUITES, Suite

_STORE = FOLDER / "results.json"
_CODE = ("aws_iot", "tests", "tools")


def main(argv=None) -> int:
    options = _options(argv)
    chosen = [pair for pair in pairs() if not options.pairs or any(_names(word, pair) for word in options.pairs)]
    if not chosen:
        print(f"no such pair: {' '.join(options.pairs)}; there are {', '.join(map(_name, pairs()))}", file=sys.stderr)
        return 2
    store, code, failed = _Store(), _code(), 0
    for pair in chosen:
        for suite in SUITES:
            if pair.bits in suite.bits and (not options.suite or suite.name in options.suite):
                failed += _run(pair, suite, store, code, options.again)
        results = store.of(pair, code)
        if len(results) == sum(pair.bits in suite.bits for suite in SUITES):
            table.update([table.row(pair, results)], table.DOCUMENT)
    return 1 if failed else 0


def _options(argv):
    parser = argparse.ArgumentParser(prog="python -m tests.matrix", description=__doc__.split("\n\n")[0])
    parser.add_argument("pairs", nargs="*", help="only these releases of MicroPython, as 1.26 or 1.26-32")
    parser.add_argument("--suite", action="append", choices=[suite.name for suite in SUITES], help="only this suite")
    parser.add_argument("--again", action="store_true", help="also what was run with this code already")
    return parser.parse_args(argv)


def _name(pair: Pair) -> str:
    return f"{pair.firmware.split(', ')[0]}-{pair.bits}"


def _names(word: str, pair: Pair) -> bool:
    release, _, bits = word.partition("-")
    return release in pair.firmware.split(", ") and bits in ("", str(pair.bits))


def _run(pair: Pair, suite: Suite, store, code: str, again: bool) -> int:
    """How many of its tests failed."""
    result = None if again else store.of(pair, code).get(suite.name)
    if not result:
        begin = time.monotonic()
        found = suite.run(pair)
        result = {"passed": found.passed, "failed": found.failed, "date": datetime.date.today().isoformat()}
        store.put(pair, suite, {**result, "code": code, "seconds": round(time.monotonic() - begin)})
    words = f"{result['passed']} passed, {result['failed']} failed"
    print(f"{_name(pair)} ({pair.run_on}, umqtt.simple {pair.umqtt}): {suite.name}: {words}", flush=True)
    if result["failed"]:
        print(f"  see {suite.log(pair).relative_to(ROOT)}", flush=True)
    return result["failed"]


class _Store:
    """The results so far, kept at once."""

    def __init__(self) -> None:
        self._results = json.loads(_STORE.read_text()) if _STORE.exists() else {}

    def of(self, pair: Pair, code: str) -> dict:
        """Suite's name -> what came of this code on the pair."""
        kept = self._results.get(self._key(pair), {})
        return {name: result for name, result in kept.items() if result["code"] == code}

    def put(self, pair: Pair, suite: Suite, result: dict) -> None:
        self._results.setdefault(self._key(pair), {})[suite.name] = result
        FOLDER.mkdir(parents=True, exist_ok=True)
        _STORE.write_text(json.dumps(self._results, indent=1))

    def _key(self, pair: Pair) -> str:
        return f"{_name(pair)} {pair.run_on} {pair.umqtt}"


def _code() -> str:
    """A digest of all that a result depends on, but for the interpreters."""
    digest = hashlib.sha256()
    for folder in _CODE:
        for path in sorted((ROOT / folder).rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                digest.update(f"{path.relative_to(ROOT)}\0".encode() + path.read_bytes())
    return digest.hexdigest()


if __name__ == "__main__":
    sys.exit(main())
