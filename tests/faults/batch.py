"""Rows run side by side, since a device that meets a fault mostly waits."""

import asyncio
from dataclasses import dataclass

from . import law
from .row import Run

_SIDE_BY_SIDE = 6  # device processes at once; more and the ticker's gaps are the machine's, not the library's
GAP_MS = 100
_TRIES = 3  # of the ticker alone: a loaded machine also makes gaps


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


async def outcome(row, runtime, driver):
    """Run one row to its end, whatever happens."""
    run = Run(row, runtime, driver)
    problem = None
    try:
        await run.play()
    except Exception as error:
        problem = str(error) or repr(error)
    measured = hasattr(run, "device")
    return Outcome(
        row,
        runtime,
        driver,
        problem,
        run.seconds,
        law.growth(run) if measured else None,
        law.gap_ms(run) if measured else None,
    )


async def run_all(rows, runtime, driver, most_ms=GAP_MS):
    """All rows that know this runtime and driver: name -> Outcome. `most_ms` is what a ticker may be kept waiting."""
    turn, found = asyncio.Semaphore(_SIDE_BY_SIDE), {}

    async def one(row):
        async with turn:
            found[row.name] = await outcome(row, runtime, driver)

    await asyncio.gather(*(one(row) for row in rows if runtime in row.runtimes and driver in row.drivers))
    for name, result in found.items():
        if result.problem is None and result.row.gap and (result.gap_ms or 0) > most_ms:
            found[name] = await _gap_alone(result, most_ms)
    return found


async def _gap_alone(result, most_ms):
    """A long gap counts only if it shows each time with the machine to itself."""
    for _ in range(_TRIES):
        again = await outcome(result.row, result.runtime, result.driver)
        if again.problem or again.gap_ms <= most_ms:
            return again
    again.problem = f"the ticker beside run() was kept waiting for {again.gap_ms} ms"
    return again
