"""What a measurement is, and its table: ratios first, since machines differ."""

from collections.abc import Callable
from dataclasses import dataclass

from . import peers


@dataclass(frozen=True)
class Column:
    """One figure of a sample. `digits` after the point; `more` when more is better (a rate)."""

    key: str
    heading: str
    digits: int = 0
    more: bool = False


@dataclass(frozen=True)
class Measurement:
    """`sample(bench, runtime, peer)` returns a figure per column; of the rounds' samples the best one counts.

    Ratios are to the peer `reference`, to this library where that one does not run; without one there are none.
    """

    key: str
    title: str
    method: str
    columns: tuple
    sample: Callable
    runtimes: tuple = peers.RUNTIMES
    left_out: tuple = ()
    rounds: int = 3
    reference: str | None = "floor"

    def peers(self, runtime: str) -> list:
        return peers.on(runtime, *self.left_out)

    def better(self, old: dict | None, new: dict) -> dict:
        """The best of each figure: what else runs on the machine only ever adds."""
        if old is None:
            return new
        return {
            column.key: (max if column.more else min)(old[column.key], new[column.key])
            for column in self.columns
            if column.key in old and column.key in new
        }

    def table(self, runtime: str, results: dict) -> list:
        """Markdown lines, none without results; `results` maps (measurement, runtime, peer) to figures."""
        figures = {peer: found for (key, on, peer), found in results.items() if (key, on) == (self.key, runtime)}
        if not figures:
            return []
        reference = (figures.get(self.reference) or figures.get(peers.OURS.key) or {}) if self.reference else {}
        headings = " | ".join(column.heading for column in self.columns)
        lines = [f"| {peers.TITLES[runtime]} | {headings} |", "|---|" + "---:|" * len(self.columns)]
        for peer in self.peers(runtime):
            if peer.key in figures:
                cells = [self._cell(column, figures[peer.key], reference) for column in self.columns]
                lines.append(f"| {peer.title} | {' | '.join(cells)} |")
        return lines

    @staticmethod
    def _cell(column: Column, figures: dict, reference: dict) -> str:
        if column.key not in figures:
            return "-"
        value = f"{figures[column.key]:,.{column.digits}f}"
        base = reference.get(column.key)
        if not base:
            return value
        return f"{figures[column.key] / base:.2f} ({value})"
