"""What a measurement is, and its table: ratios first, since machines differ.

Results map (measurement, runtime, peer) to the figures of each turn: {turn: {column: figure}}.
"""

from collections.abc import Callable
from dataclasses import dataclass
from statistics import median

from . import peers

MANY = 24  # turns of what a busy machine changes
_FEW = 3


@dataclass(frozen=True)
class Column:
    """One figure of a sample. `digits` after the point; `pick` the one to show of all turns' (max for a rate)."""

    key: str
    heading: str
    digits: int = 0
    pick: Callable = min


@dataclass(frozen=True)
class Measurement:
    """`sample(bench, runtime, peer, *part)` returns figures of columns; in a turn the peers follow each other in each
    of the `parts`.

    So many `turns` on MicroPython; few on CPython and for the peers that are `stalling` here. Ratios are to the peer
    `reference`, to this library where that one does not run; without one there are none.
    """

    key: str
    title: str
    method: str
    columns: tuple
    sample: Callable
    runtimes: tuple = peers.RUNTIMES
    left_out: tuple = ()
    more: tuple = ()  # peers that are in no other
    turns: int = _FEW
    parts: tuple = ((),)
    stalling: tuple = ()
    reference: str | None = "floor"

    def peers(self, runtime: str) -> list:
        return [*peers.on(runtime, *self.left_out), *(peer for peer in self.more if runtime in peer.runtimes)]

    def takes(self, turn: int, runtime: str, peer) -> bool:
        """Whether this turn is one of the peer's."""
        few = runtime == "cpython" or peer in self.stalling
        return turn < (min(self.turns, _FEW) if few else self.turns)

    def table(self, runtime: str, results: dict) -> list:
        """Markdown lines, none without results."""
        turns = {peer: found for (key, on, peer), found in results.items() if (key, on) == (self.key, runtime)}
        if not turns:
            return []
        reference = (turns.get(self.reference) or turns.get(peers.OURS.key) or {}) if self.reference else {}
        headings = " | ".join(column.heading for column in self.columns)
        lines = [f"| {peers.TITLES[runtime]} | {headings} |", "|---|" + "---:|" * len(self.columns)]
        for peer in self.peers(runtime):
            if peer.key in turns:
                cells = [self._cell(column, turns[peer.key], reference) for column in self.columns]
                lines.append(f"| {peer.title} | {' | '.join(cells)} |")
        return lines

    @staticmethod
    def _cell(column: Column, turns: dict, reference: dict) -> str:
        figures = of(turns, column.key)
        if not figures:
            return "-"
        value = f"{column.pick(figures):,.{column.digits}f}"
        pairs = ratios(turns, reference, column.key)
        return f"{median(pairs):.2f} ({value})" if pairs else value


def of(turns: dict, key: str) -> list:
    """A column's figure of each turn that has it."""
    return [figures[key] for figures in turns.values() if key in figures]


def ratios(turns: dict, others: dict, key: str, other: str | None = None) -> list:
    """A column's figure to that of another peer (there `other`), for each turn that has both.

    What slows the machine for longer than a turn is in both figures, and not in their ratio.
    """
    pairs = [(figures.get(key), others.get(turn, {}).get(other or key)) for turn, figures in turns.items()]
    return [mine / theirs for mine, theirs in pairs if mine is not None and theirs]
