"""The goals, each with what it takes from the results."""

from collections.abc import Callable
from dataclasses import dataclass
from statistics import median

from .measurement import of, ratios

_KB = 1024


@dataclass(frozen=True)
class Goal:
    """`figures(results)` is what was reached, and the same by the other statistic; `limit` is what was to be, at least
    with `more`.
    """

    what: str
    wanted: str
    unit: str
    figures: Callable
    limit: float
    more: bool = False
    digits: int = 0

    def row(self, results: dict) -> str:
        try:
            figure, other = self.figures(results)
        except (KeyError, ValueError):  # no such turn
            return f"| {self.what} | {self.wanted} | not measured | | |"
        reached = figure >= self.limit if self.more else figure <= self.limit
        share = f"{abs(figure / self.limit - 1):.1%}" if self.limit else "all of it"
        verdict = (f"reached, {share} to spare" if self.limit else "reached") if reached else f"**missed by {share}**"
        value, beside, bound = (f"{number:,.{self.digits}f}" for number in (figure, other, self.limit))
        beside = "" if beside == value else beside
        return f"| {self.what} | {self.wanted} | {value} {self.unit} (limit {bound}) | {verdict} | {beside} |"


def _best(measurement: str, peer: str, key: str, scale: float = 1, pick: Callable = min) -> Callable:
    """The best of the turns; beside it their median."""

    def figures(results):
        found = of(results[measurement, "mp32", peer], key)
        return pick(found) * scale, median(found) * scale

    return figures


def _ratio(measurement: str, key: str, reference: str, other: str | None = None, pick: Callable = min) -> Callable:
    """The median of the ratios within a turn; beside it the ratio of the bests."""

    def figures(results):
        ours, theirs = (results[measurement, "mp32", peer] for peer in ("ours", reference))
        return median(ratios(ours, theirs, key, other)), pick(of(ours, key)) / pick(of(theirs, other or key))

    return figures


_UMQTT = "<= umqtt.simple with TCP_NODELAY"

GOALS = (
    Goal("heap imported: Thing, shadow, umqtt.simple (growth)", "<= 15.0 KB", "KB",
         _best("heap", "ours", "imported", 1 / _KB), 15, digits=1),
    Goal("heap connected, delta handler, all response topics (growth)", "<= 22.25 KB", "KB",
         _best("heap", "default", "connected", 1 / _KB), 22.25, digits=2),
    Goal("heap connected, delta handler, deltas only (growth)", "<= 21.5 KB", "KB",
         _best("heap", "ours", "connected", 1 / _KB), 21.5, digits=1),
    Goal("smallest heap for 200 shadow rounds", "<= 28 KB", "KB", _best("smallest", "ours", "rounds"), 28),
    Goal("in ROMFS: heap imported", "<= 7.5 KB", "KB", _best("heap", "rom", "imported", 1 / _KB), 7.5, digits=1),
    Goal("in ROMFS: heap connected, deltas only", "<= 13.5 KB", "KB",
         _best("heap", "rom", "connected", 1 / _KB), 13.5, digits=1),
    Goal("in ROMFS: smallest heap for 200 shadow rounds", "<= 19 KB", "KB", _best("smallest", "rom", "rounds"), 19),
    Goal("files read from the flash per 1,000 messages in a heap of 112 KB", "0", "",
         _best("files", "default", "read"), 0),
    Goal("largest piece of a heap of 112 KB: how much larger without lent files", "<= 8 KB", "KB",
         _best("files", "ours", "lent", 1 / _KB), 8, digits=1),
    Goal("connect to CONNACK", "<= 1.2 x floor", "x", _ratio("connect", "ms", "floor"), 1.2, digits=2),
    Goal("CPU of a program's second connection", "<= 1.15 x umqtt.simple with TCP_NODELAY", "x",
         _ratio("again", "cpu_ms", "nodelay"), 1.15, digits=2),
    Goal("delta -> reported p50, QoS 1", "<= 1.6 x floor", "x",
         _ratio("rounds", "p50", "floor"), 1.6, digits=2),
    Goal("allocated per received QoS 1 delta", "<= 584 B", "B", _best("allocated", "ours", "delta"), 584),
    Goal("allocated per QoS 1 report", "<= 300 B", "B", _best("allocated", "ours", "report"), 300),
    Goal("QoS 1 publish rate, window 10", ">= 10,000/s", "/s",
         _best("publish", "ours", "rate1w10", pick=max), 10000, more=True),
    Goal("CPU per QoS 1 publish, window 10", _UMQTT, "x",
         _ratio("publish", "cpu1w10", "nodelay", "cpu1w1"), 1, digits=2),
    Goal("CPU per QoS 1 publish, a burst of 2,000 with window 10", _UMQTT, "x",
         _ratio("burst", "cpu_us", "nodelay"), 1, digits=2),
    Goal("CPU per QoS 1 publish, window 1", _UMQTT, "x", _ratio("publish", "cpu1w1", "nodelay"), 1, digits=2),
    Goal("CPU per delta round", _UMQTT, "x", _ratio("rounds", "cpu_us", "nodelay"), 1, digits=2),
    Goal("TLS records up per QoS 1 publish", "1", "", _best("wire", "ours", "publish1_records"), 1, digits=1),
    Goal("TLS records up per QoS 1 delta round", "1", "", _best("wire", "ours", "rounds_records"), 1, digits=1),
    Goal("receive rate, QoS 0, 128 B", ">= umqtt.simple", "x",
         _ratio("receive", "rate", "umqtt", pick=max), 1, more=True, digits=2),
)  # fmt: skip


def table(results: dict) -> list:
    """Markdown lines."""
    head = ["| goal, 32-bit MicroPython | wanted | reached | | by the other statistic |", "|---|---|---|---|---|"]
    return head + [goal.row(results) for goal in GOALS]
