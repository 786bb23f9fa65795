"""Measures, prints, and writes BENCHMARKS.md when nothing is left out."""

import argparse
import sys

from . import (
    again,
    allocated,
    bench,
    burst,
    connect,
    files,
    goals,
    heap,
    idle,
    keepalive,
    peers,
    publish,
    receive,
    recovery,
    report,
    rounds,
    smallest,
    wire,
)

_MODULES = (
    heap, smallest, files, connect, again, rounds, publish, burst, receive, allocated, wire, recovery, idle, keepalive,
)  # fmt: skip
MEASUREMENTS = [module.MEASUREMENT for module in _MODULES]


def measure(place, measurements, turns: int, runtimes=peers.RUNTIMES, only=None) -> dict:
    """Turns of all measurements, in each all peers one after the other; {(measurement, runtime, peer): turns}."""
    results = {}
    for turn in range(turns):
        for measurement in measurements:
            for runtime in runtimes:
                if runtime in measurement.runtimes:
                    chosen = [peer for peer in measurement.peers(runtime) if not only or peer.key in only]
                    _take(place, measurement, turn, runtime, chosen, results)
    return results


def _take(place, measurement, turn, runtime, chosen, results) -> None:
    chosen = [peer for peer in chosen if measurement.takes(turn, runtime, peer)]
    if not chosen:
        return
    print(f"turn {turn + 1}: {measurement.key}, {runtime}", file=sys.stderr, flush=True)
    for part in measurement.parts:
        for peer in chosen[:: -1 if turn % 2 else 1]:  # so that none always follows the same one
            try:
                with bench.processor(0, runtime):
                    figures = measurement.sample(place, runtime, peer, *part)
            except (AssertionError, OSError, EOFError) as error:
                # a peer that hangs or breaks has no figure; the others go on
                print(f"{measurement.key}, {runtime}, {peer.key}: {str(error)[-600:]}", file=sys.stderr)
                continue
            turns = results.setdefault((measurement.key, runtime, peer.key), {})
            turns.setdefault(turn, {}).update(figures)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a tenth of the work, in one turn")
    parser.add_argument("--turns", type=int, default=max(found.turns for found in MEASUREMENTS), help="at most so many")
    parser.add_argument("--runtime", choices=peers.RUNTIMES, action="append", help="only on this one")
    parser.add_argument("--peer", choices=[peer.key for peer in peers.ALL], action="append", help="only this one")
    parser.add_argument("measurement", nargs="*", choices=[[], *(found.key for found in MEASUREMENTS)])
    arguments = parser.parse_args()
    chosen = [found for found in MEASUREMENTS if not arguments.measurement or found.key in arguments.measurement]
    turns = 1 if arguments.quick else arguments.turns
    with bench.prepare(arguments.quick) as place:
        results = measure(place, chosen, turns, arguments.runtime or peers.RUNTIMES, arguments.peer)
        if not (arguments.measurement or arguments.runtime or arguments.peer or arguments.quick):
            report.write(place, results, MEASUREMENTS)
            return 0
    for found in chosen:
        for runtime in found.runtimes:
            print("\n".join(["", *found.table(runtime, results)]))
    print("\n".join(["", *goals.table(results)]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
