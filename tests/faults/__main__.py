"""`python -m tests.faults [words] [--runtime mp32] [--driver poll] [--door wss] [--quick]`: the catalogue, a table."""

import argparse
import sys
from concurrent.futures import ProcessPoolExecutor

from tests.harness import tally

from . import ids
from .batch import GAP_MS, told
from .catalogue import ROWS

RUNTIMES, DRIVERS = ("cpython", "mp64", "mp32"), ("poll", "async")


def main(argv=None):
    options = _options(argv)
    words = " ".join(options.words)
    rows = [row for row in ROWS if words in row.name or words == row.group]
    if options.quick:
        rows = [row for row in rows if not row.long]
    columns = [(runtime, driver) for runtime in options.runtime or RUNTIMES for driver in options.driver or DRIVERS]
    table = {}
    with ProcessPoolExecutor() as pool:
        for column in columns:
            place = (*column, options.door)
            plays = {row.name: pool.submit(told, row.name, *place) for row in rows if row.meets(*place)}
            table.update({(name, *column): play.result() for name, play in plays.items()})
            good = sum(1 for name in plays if not table[(name, *column)].problem)
            print(f"{' '.join(column)}: {good} of {len(plays)}", flush=True)
    problems = {place: outcome.problem for place, outcome in table.items() if outcome.problem}
    for (name, runtime, driver), problem in problems.items():
        print(f"\n=== {name} [{runtime} {driver}]\n{problem}")
    print(_table(rows, table, columns))
    return 1 if problems else 0


def _options(argv):
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("words", nargs="*", help="only rows whose name holds these words, or a group")
    parser.add_argument("--runtime", action="append", choices=RUNTIMES)
    parser.add_argument("--driver", action="append", choices=DRIVERS)
    parser.add_argument("--quick", action="store_true", help="without the long rows")
    parser.add_argument("--door", choices=("mqtt", "wss"), default="mqtt", help="wss: each of them in a WebSocket")
    return parser.parse_args(argv)


def _cell(outcome):
    if outcome is None:
        return "-"
    if outcome.problem:
        return "FAIL"
    text = f"{outcome.seconds:.1f}s"
    if outcome.growth is not None:
        text += f" {outcome.growth:+d}B"
    if outcome.gap_ms is not None:
        text += f" {outcome.gap_ms}ms"
    if outcome.tries > 1:
        text += f" #{outcome.tries}"
    return text


def _table(rows, table, columns):
    names = {row.name: f"{row.name} {ids.of(row.name)}" for row in rows}
    width = max(map(len, names.values()), default=0) + 2
    lines, group = ["", " " * width + "".join(f"{runtime + ' ' + driver:<22}" for runtime, driver in columns)], None
    for row in rows:
        if row.group != group:
            group = row.group
            lines.append(group.upper())
        cells = [_cell(table.get((row.name, *column))) for column in columns]
        lines.append(f"{names[row.name]:<{width}}" + "".join(f"{cell:<22}" for cell in cells))
    lines += [
        "",
        tally.line(not outcome.problem for outcome in table.values()),
        "cells: time of the device, growth of the heap, longest wait of a 20 ms ticker beside run(), and #n: passed at"
        " the nth try only (nothing but the heap is judged again)",
        f"the ticker's longest wait is judged by {GAP_MS} ms, but not where something else is to blame:",
        *(f"  {row.name}: {row.slow}" for row in rows if row.slow),
        "faults of the catalogue that are played elsewhere:",
        *(f"  {number} {place}" for number, places in ids.PLAYED.items() for place in places if "::" in place),
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
