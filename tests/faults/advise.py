"""`python -m tests.faults.advise [ids] [--runtime mp32]`: AWS IoT Core Device Advisor's tests, as a table."""

import argparse
import sys
from concurrent.futures import ProcessPoolExecutor

from tests.harness import tally

from .advisor import FAIL
from .advisor_cases import CASES, played

RUNTIMES = ("cpython", "mp64", "mp32")
_SHORT = {"pass": "pass", "pass with warnings": "warn", "fail": "FAIL"}


def main(argv=None):
    parser = argparse.ArgumentParser(prog="python -m tests.faults.advise", description=__doc__)
    parser.add_argument("ids", nargs="*", help="only these tests")
    parser.add_argument("--runtime", action="append", choices=RUNTIMES)
    options = parser.parse_args(argv)
    cases = [case for case in CASES if not options.ids or case[0] in options.ids]
    runtimes = options.runtime or RUNTIMES
    found = _run(cases, runtimes)
    print(table(cases, runtimes, found))
    return 1 if any(verdict == FAIL for verdict, _ in found.values()) else 0


def _run(cases, runtimes):
    """(id, runtime) -> (verdict, note)."""
    with ProcessPoolExecutor() as pool:
        plays = {
            (name, runtime): pool.submit(played, index, runtime)
            for runtime in runtimes
            for index, (name, _, case) in enumerate(CASES)
            if callable(case) and CASES[index] in cases
        }
        for (name, runtime), play in plays.items():
            print(f"{runtime}: {name}: {': '.join(play.result())}", flush=True)
    return {place: play.result() for place, play in plays.items()}


def table(cases, runtimes, found):
    """One line a test; Q marks the qualification set."""
    width = max(len(name) for name, _, _ in cases) + 3
    lines = ["", " " * (width + 2) + "".join(f"{runtime:<10}" for runtime in runtimes)]
    for name, qualifies, case in cases:
        if callable(case):
            cells = "".join(f"{_SHORT[found[name, runtime][0]]:<10}" for runtime in runtimes)
        else:
            cells = f"not applicable: {case}"
        lines.append(f"{'Q ' if qualifies else '  '}{name:<{width}}{cells}")
    lines += [
        "",
        tally.line(verdict != FAIL for verdict, _ in found.values()),
        "The verdict on real AWS is not asked for here: run examples/device_advisor against it (its README).",
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
