"""What a stage found: rows of its table, and whether each is as it should be."""

from dataclasses import dataclass


@dataclass
class Row:
    """One thing that was seen, beside what is wanted of it."""

    what: str
    wanted: str
    seen: str
    good: bool = True


def within(what: str, limit: int, goal: int, found: int) -> Row:
    """Bytes of heap: more than the limit is a failure, more than the goal is told."""
    seen = f"{found:,} B" if found <= goal else f"{found:,} B: {found - goal:,} B above the goal"
    return Row(what, f"<= {limit:,} B; goal {goal:,} B", seen, found <= limit)
