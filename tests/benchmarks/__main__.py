"""Measures, prints, and writes BENCHMARKS.md when nothing is left out."""

import argparse
import sys

from . import (
    allocated,
    bench,
    connect,
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

_MODULES = (heap, smallest, connect, rounds, publish, receive, allocated, wire, recovery, idle, keepalive)
MEASUREMENTS = [module.MEASUREMENT for module in _MODULES]


def measure(place, measurements, turns: int, runtimes=peers.RUNTIMES, only=None) -> dict:
    """Rounds of all measurements with all peers in turn; {(measurement, runtime, peer): figures}."""
    results = {}
    for turn in range(turns):
        for measurement in measurements:
            if turn >= measurement.rounds:
                continue
            for runtime in runtimes:
                if runtime in measurement.runtimes:
                    print(f"round {turn + 1}: {measurement.key}, {runtime}", file=sys.stderr, flush=True)
                    _sample(place, measurement, runtime, results, only)
    return results


def _sample(place, measurement, runtime, results, only) -> None:
    for peer in measurement.peers(runtime):
        if only and peer.key not in only:
            continue
        try:
            figures = measurement.sample(place, runtime, peer)
        except (AssertionError, OSError, EOFError) as error:
            # a peer that hangs or breaks has no figure; the others go on
            print(f"{measurement.key}, {runtime}, {peer.key}: {str(error)[-600:]}", file=sys.stderr)
            continue
        key = measurement.key, runtime, peer.key
        results[key] = measurement.better(results.get(key), figures)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a tenth of the work, in one round")
    parser.add_argument("--rounds", type=int, default=3, help="of what varies (default 3)")
    parser.add_argument("--runtime", choices=peers.RUNTIMES, action="append", help="only on this one")
    parser.add_argument("--peer", choices=[peer.key for peer in peers.ALL], action="append", help="only this one")
    parser.add_argument("measurement", nargs="*", choices=[[], *(found.key for found in MEASUREMENTS)])
    arguments = parser.parse_args()
    chosen = [found for found in MEASUREMENTS if not arguments.measurement or found.key in arguments.measurement]
    turns = 1 if arguments.quick else arguments.rounds
    with bench.prepare(arguments.quick) as place:
        results = measure(place, chosen, turns, arguments.runtime or peers.RUNTIMES, arguments.peer)
        if not (arguments.measurement or arguments.runtime or arguments.peer or arguments.quick):
            report.write(place, results, MEASUREMENTS, turns)
            return 0
    for found in chosen:
        for runtime in found.runtimes:
            print("\n".join(["", *found.table(runtime, results)]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
