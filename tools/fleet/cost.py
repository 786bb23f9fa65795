"""What AWS would bill for a month of what things do, by the prices of prices.json, which says when and where they were
read."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from pathlib import Path

from .. import journal
from ..errors import ToolError
from ..shapes import Json

_PRICES = Path(__file__).with_name("prices.json")
_OLD_DAYS = 365
_SHORT_S = 3600  # a shorter run counts what happens once at its start too often
_MILLION = 1_000_000


def of_usage(counted: Iterable[Json], things: int | None = None) -> Json:
    """A month's bill for what was counted of some things (see cloud/usage.py), or for so many things like these."""
    found = [each for each in counted if each["until"] > each["since"]]
    if not found:
        raise ToolError("nothing was counted yet: let the program run for a while")
    prices = journal.read_json(_PRICES)
    month_s = prices["days"] * 86400
    share = (things or len(found)) / len(found)
    total = dict.fromkeys(prices["items"], 0.0)
    for each in found:
        scale = month_s / (each["until"] - each["since"]) * share
        total["minutes"] += each["connected_s"] / 60 * scale
        for kind in ("messages", "operations", "rules", "actions"):
            total[kind] += each[kind] * scale
    return {
        **bill(total),
        "things": things or len(found),
        "seconds": min(each["until"] - each["since"] for each in found),
    }


def of_stats(stats: Json, seconds: float, things: int = 1) -> Json:
    """A month's bill for thing.stats after so many seconds on a connection that lasts. It counts messages alone:
    neither shadows' operations nor rules, nor the PUBACKs of what was received."""
    prices = journal.read_json(_PRICES)
    messages = sum(int(stats.get(name, 0)) for name in ("connects", "sent", "resent", "received"))
    month_s = prices["days"] * 86400
    total = {**dict.fromkeys(prices["items"], 0.0), "minutes": month_s / 60, "messages": messages * month_s / seconds}
    return {**bill({kind: value * things for kind, value in total.items()}), "things": things, "seconds": seconds}


def bill(counts: dict[str, float]) -> Json:
    """-> {"rows": [{"item", "count", "free", "cost"}], "cost", "cost_with_free_tier", and where prices are from}."""
    prices = journal.read_json(_PRICES)
    rows, beyond_free = [], 0.0
    for kind, item in prices["items"].items():
        cost = _cost(counts[kind], item["per_million"])
        rows.append({"item": item["words"], "count": round(counts[kind]), "free": item["free"], "cost": round(cost, 2)})
        beyond_free += _cost(max(0.0, counts[kind] - item["free"]), item["per_million"])
    return {
        "rows": rows, "cost": round(sum(row["cost"] for row in rows), 2), "cost_with_free_tier": round(beyond_free, 2),
        **{name: prices[name] for name in ("currency", "region", "page", "read", "unverified", "days")},
    }  # fmt: skip


def is_short(bill: Json) -> bool:
    """Whether the run was too short to say much of a month."""
    return bool(bill["seconds"] < _SHORT_S)


def is_old(bill: Json, today: datetime.date | None = None) -> bool:
    """Whether the prices are older than a year."""
    read = datetime.date.fromisoformat(bill["read"])
    return ((today or datetime.datetime.now(datetime.timezone.utc).date()) - read).days > _OLD_DAYS


def _cost(count: float, tiers: list[list[float | None]]) -> float:
    """Each tier is [up to how many, price of a million]; the last has no end."""
    cost, begin = 0.0, 0.0
    for end, price in tiers:
        inside = max(0.0, (count if end is None else min(count, end)) - begin)
        cost += inside / _MILLION * (price or 0)
        begin += inside
    return cost
