"""A row as it is judged: played, and played again where a measure of the heap alone was over its limit."""

import sys
import time
from dataclasses import dataclass

from tests.harness import stepped

from . import law
from .catalogue import BY_NAME
from .row import Run

GAP_MS = 100
# What a conservative collector takes for a pointer once (a whole lent file may hang on it) is no leak, which would
# show each time. Nothing else is ever tried again: what is lost, late, hangs, crashes or is not told one time in many
# is what this suite looks for.
_TRIES = 3


@dataclass
class Outcome:
    """What came of a row: problem is None when all was well."""

    problem: str | None
    seconds: float
    growth: int | None
    gap_ms: int | None
    tries: int = 1


def played(row, runtime, driver, door="mqtt"):
    """The Outcome of a row on one runtime under one driver, whatever happens."""
    tries, measured = 0, True
    while measured and tries < _TRIES:
        run, tries = Run(row, runtime, driver, door), tries + 1
        problem, measured = None, False
        try:
            stepped.run(run.play())
        except Exception as error:
            problem, measured = str(error) or repr(error), isinstance(error, law.Measured)
    ran = hasattr(run, "device")
    growth, gap_ms = (law.growth(run), law.gap_ms(run)) if ran else (None, None)
    if problem is None and not row.slow and (gap_ms or 0) > GAP_MS:
        problem = f"the ticker beside run() was kept waiting for {gap_ms} ms"
    return Outcome(problem, run.seconds, growth, gap_ms, tries)


def told(name, runtime, driver, door="mqtt"):
    """A row by its name, in a process of a pool; what takes long, and what fails, is told at once."""
    row, begin = BY_NAME[name], time.monotonic()
    outcome = played(row, runtime, driver, door)
    if outcome.problem or row.long:
        result = "not good" if outcome.problem else "good"
        took = f"{time.monotonic() - begin:.0f} s"
        print(f"  {runtime} {driver}: {name}: {result} after {took}", file=sys.stderr, flush=True)
    return outcome
