"""BENCHMARKS.md from the results of one run."""

import datetime
import platform
import subprocess
import sys

from ..harness import ROOT
from . import goals, sizes

_HEAD = """# Benchmarks

`make bench` measures this library and what a user would pick instead on the same work in one run, and writes this file.
Ratios come first, the figure itself in brackets: machines differ. Here: {machine}, {date}.

## Method

- The device is MicroPython's unix port, 32 and 64 bit, in a heap of 112 KB as an ESP32 has it; the library is compiled
  to `.mpy` (-O3) and lies in a folder `lib`, as on a board. The collector's share of the time is in every figure.
- The broker is Mosquitto on the loop-back with mutual TLS 1.2, P-256, TCP_NODELAY set. The cloud's side is a plain TCP
  client that does nothing else.
- What a busy machine changes is measured in many short turns ({turns} in this run; 3 on CPython and for peers that
  stall), in each of which the peers follow each other, in the opposite order in every other turn.
- A figure is the best of its turns: what else runs on the machine only adds, so it is a lower bound of a rate and an
  upper bound of a time. A ratio is the median over the turns of the ratio within one: the machine's speed changes from
  turn to turn, and is in both of its figures. So it is not just the quotient of the figures shown. A goal for a figure
  is judged by the best, one that compares peers by the ratio; the last column has what the other way gives (the median
  of the turns, the quotient of the bests) where that is another number.
- MicroPython, broker and cloud share one processor: which of several they were put on changed the CPU time of the same
  work up to threefold from process to process, since waking another processor costs more than the work. The medians
  of the ratios stayed the same, within their spread; the rates of what flows (window 10, QoS 0) are the lower for it.
  Only to receive the device has a processor of its own: what it reads would else have piled up while it was off.
- The floor is a hand-written loop over the same interpreter and TLS for just the one packet, parsed in a preallocated
  buffer: it checks nothing, keeps nothing, sends nothing again, has no deadlines.
- `aws_iot, deltas only` is a Thing with `shadow_topics=("update/delta",)`: what the peers' hand-made shadows subscribe
  to. With all response topics, the default, it also hears what the cloud accepted and refused, and fetches the shadow
  after each connect.
- The peers' 44 ms are Linux's delayed ACK on the loop-back meeting a packet that is written in pieces (Nagle's
  algorithm). On a board the count of writes, records and bytes is what carries over, so umqtt.simple is also shown with
  TCP_NODELAY set before the handshake: compare CPU time with that one.
- On CPython the ratios are to this library.
- mqtt_as is not in the registries that this bench takes its peers from, so it is not run. What is said of it is quoted:
  it was measured earlier, on another machine.
"""

_QUOTED = """mqtt_as, which has no shadow (quoted): heap 18.1 KB imported, 24.8 KB connected, 38 KB to answer 200
deltas; delta to reported 51.8 ms; 5 records a publish, 6 a round; 2,711 bytes allocated per delta, 2,227 per report.

What stands in the way where a goal is missed or hardly reached. Heap: two fifths of what is imported are interned names
and umqtt.simple, the parent class; each response topic beside the deltas' takes 160 bytes once connected. What is
needed once per connection is lent and given back, one stage after the other: together with 2.5 KB of MicroPython's
own TLS objects it decides the smallest heap. CPU per delta round: one write in place of six halves the time in the
kernel, and the interpreter spends that on what umqtt.simple does not do: checks, what is kept until PUBACK, deadlines.
Connecting eight times faster than umqtt.simple: nearly all of the time is the handshake's arithmetic, also the
floor's."""


def write(bench, results: dict, measurements: list) -> None:
    """Write BENCHMARKS.md at the root of the project, and print it."""
    machine = f"{_processor()}, Python {platform.python_version()}"
    turns = max(map(len, results.values()))
    lines = [_HEAD.format(machine=machine, date=datetime.date.today().isoformat(), turns=turns)]
    lines += ["## Goals", "", *goals.table(results), "", _QUOTED, ""]
    for measurement in measurements:
        lines += [f"## {measurement.title}", "", measurement.method.strip(), ""]
        for runtime in measurement.runtimes:
            table = measurement.table(runtime, results)
            lines += [*table, ""] if table else []
    lines += ["## Size of each module", "", *sizes.table(bench), "", *_others()]
    text = "\n".join(lines).rstrip() + "\n"
    (ROOT / "BENCHMARKS.md").write_text(text)
    print(text)


def _processor() -> str:
    try:
        with open("/proc/cpuinfo") as file:
            names = [line.split(":", 1)[1].strip() for line in file if line.startswith("model name")]
        return f"{len(names)} x {names[0]}"
    except (OSError, IndexError):
        return platform.machine()


def _others() -> list:
    """What the host tools and firmware updates measure of themselves: programs here that print Markdown tables."""
    lines = []
    folder = ROOT / "tests" / "benchmarks"
    for path in sorted([*folder.glob("host_*.py"), *folder.glob("fota_*.py")]):
        print(f"{path.stem} ...", file=sys.stderr, flush=True)
        module = f"tests.benchmarks.{path.stem}"
        command = [sys.executable, "-m", module]
        done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, timeout=600, check=True)
        lines += [done.stdout.strip(), ""]
    return lines
