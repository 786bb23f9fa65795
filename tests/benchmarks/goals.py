"""The goals, each with what it takes from the results."""

from collections.abc import Callable
from dataclasses import dataclass

_KB = 1024


@dataclass(frozen=True)
class Goal:
    """`figure(results)` is what was reached, `limit(results)` what was to be; with `more` it is to be at least that."""

    what: str
    wanted: str
    unit: str
    figure: Callable
    limit: Callable
    more: bool = False
    digits: int = 0

    def row(self, results: dict) -> str:
        try:
            figure, limit = self.figure(results), self.limit(results)
        except KeyError:
            return f"| {self.what} | {self.wanted} | not measured | |"
        reached = figure >= limit if self.more else figure <= limit
        share = f"{abs(figure / limit - 1):.1%}"
        verdict = f"reached, {share} to spare" if reached else f"**missed by {share}**"
        value = f"{figure:,.{self.digits}f}"
        bound = f"{limit:,.{self.digits}f}"
        return f"| {self.what} | {self.wanted} | {value} {self.unit} (limit {bound}) | {verdict} |"


def _of(measurement: str, peer: str, key: str, scale: float = 1) -> Callable:
    return lambda results: results[measurement, "mp32", peer][key] * scale


def _fixed(limit: float) -> Callable:
    return lambda results: limit


def _ratio(measurement: str, key: str, reference: str) -> Callable:
    return lambda results: _of(measurement, "ours", key)(results) / _of(measurement, reference, key)(results)


_UMQTT = "<= umqtt.simple with TCP_NODELAY"

GOALS = (
    Goal("heap imported: Thing, shadow, umqtt.simple (growth)", "<= 14 KB", "KB",
         _of("heap", "ours", "imported", 1 / _KB), _fixed(14), digits=1),
    Goal("heap connected, delta handler, all response topics (growth)", "<= 20 KB", "KB",
         _of("heap", "default", "connected", 1 / _KB), _fixed(20), digits=1),
    Goal("heap connected, delta handler, deltas only (growth)", "<= 20 KB", "KB",
         _of("heap", "ours", "connected", 1 / _KB), _fixed(20), digits=1),
    Goal("smallest heap for 200 shadow rounds", "<= 26 KB", "KB", _of("smallest", "ours", "rounds"), _fixed(26)),
    Goal("connect to CONNACK", "<= 1.2 x floor", "x", _ratio("connect", "ms", "floor"), _fixed(1.2), digits=2),
    Goal("connect to CONNACK, over umqtt.simple", "<= 1/8", "x",
         _ratio("connect", "ms", "umqtt"), _fixed(1 / 8), digits=2),
    Goal("delta -> reported p50, QoS 1", "<= 1.6 x floor", "x",
         _ratio("rounds", "p50", "floor"), _fixed(1.6), digits=2),
    Goal("allocated per received QoS 1 delta", "<= 584 B", "B", _of("allocated", "ours", "delta"), _fixed(584)),
    Goal("allocated per QoS 1 report", "<= 300 B", "B", _of("allocated", "ours", "report"), _fixed(300)),
    Goal("QoS 1 publish rate, window 10", ">= 10,000/s", "/s",
         _of("publish", "ours", "rate1w10"), _fixed(10000), more=True),
    Goal("CPU per QoS 1 publish, window 10", _UMQTT, "us",
         _of("publish", "ours", "cpu1w10"), _of("publish", "nodelay", "cpu1w1")),
    Goal("CPU per QoS 1 publish, window 1", _UMQTT, "us",
         _of("publish", "ours", "cpu1w1"), _of("publish", "nodelay", "cpu1w1")),
    Goal("CPU per delta round", _UMQTT, "us", _of("rounds", "ours", "cpu_us"), _of("rounds", "nodelay", "cpu_us")),
    Goal("TLS records up per QoS 1 publish", "1", "", _of("wire", "ours", "publish1_records"), _fixed(1), digits=1),
    Goal("TLS records up per QoS 1 delta round", "1", "", _of("wire", "ours", "rounds_records"), _fixed(1), digits=1),
    Goal("receive rate, QoS 0, 128 B", ">= umqtt.simple", "/s",
         _of("receive", "ours", "rate"), _of("receive", "umqtt", "rate"), more=True),
)  # fmt: skip


def table(results: dict) -> list:
    """Markdown lines."""
    head = ["| goal, 32-bit MicroPython | wanted | reached | |", "|---|---|---|---|"]
    return head + [goal.row(results) for goal in GOALS]
