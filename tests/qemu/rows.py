"""What a stage found: rows of its table, and whether each is as it should be."""

from dataclasses import dataclass


@dataclass
class Row:
    """One thing that was seen, beside what is wanted of it."""

    what: str
    wanted: str
    seen: str
    good: bool = True


def at_most(what: str, limit: int, found: int, unit: str = "B") -> Row:
    return Row(what, f"<= {limit:,} {unit}", f"{found:,} {unit}", found <= limit)
