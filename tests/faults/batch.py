"""Rows run side by side, since a device that meets a fault mostly waits."""

import asyncio
from dataclasses import dataclass

from . import law
from .row import Run

_SIDE_BY_SIDE = 6  # device processes at once; more and the ticker's gaps are the machine's, not the library's
GAP_MS = 100
# Alone, of what measured too much beside others: a loaded machine is slow too, and what a conservative collector takes
# for a pointer once (a whole borrowed file may hang on it) is no leak, which would show each time. Nothing else is ever
# tried again: what is lost, hangs, crashes or is not told one time in many is what this suite looks for.
_TRIES = 2


@dataclass
class Outcome:
    """What came of a row: problem is None when all was well."""

    row: object
    runtime: str
    driver: str
    problem: str | None
    seconds: float
    growth: int | None
    gap_ms: int | None
    tries: int = 1
    measured: bool = False  # the problem is a time or the heap


async def outcome(row, runtime, driver):
    """Run one row to its end, whatever happens."""
    run = Run(row, runtime, driver)
    problem, measured = None, False
    try:
        await run.play()
    except Exception as error:
        problem, measured = str(error) or repr(error), isinstance(error, law.Measured)
    ran = hasattr(run, "device")
    return Outcome(
        row,
        runtime,
        driver,
        problem,
        run.seconds,
        law.growth(run) if ran else None,
        law.gap_ms(run) if ran else None,
        measured=measured,
    )


async def run_all(rows, runtime, driver, most_ms=GAP_MS, told=None):
    """All rows that know this runtime and driver: name -> Outcome. `most_ms` is what a ticker may be kept waiting;
    `told(outcome)` hears of each row as it ends.
    """
    turn, found = asyncio.Semaphore(_SIDE_BY_SIDE), {}

    async def one(row):
        async with turn:
            found[row.name] = await outcome(row, runtime, driver)
            _judge_gap(found[row.name], most_ms)
            if told:
                told(found[row.name])

    await asyncio.gather(*(one(row) for row in rows if runtime in row.runtimes and driver in row.drivers))
    for name, result in found.items():
        for tries in range(2, 2 + _TRIES):
            if not result.measured:
                break
            result = await outcome(result.row, runtime, driver)
            result.tries = tries
            _judge_gap(result, most_ms)
        found[name] = result
    return found


def _judge_gap(result, most_ms):
    if result.problem is None and not result.row.slow and (result.gap_ms or 0) > most_ms:
        result.problem = f"the ticker beside run() was kept waiting for {result.gap_ms} ms"
        result.measured = True
