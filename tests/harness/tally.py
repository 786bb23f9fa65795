"""The line in which programs of the tests say how many passed, for each other to read."""

import re

_LINE = re.compile(r"^(\d+) passed, (\d+) failed$", re.MULTILINE)


def line(verdicts) -> str:
    """verdicts: whether each was good."""
    verdicts = list(map(bool, verdicts))
    return f"{sum(verdicts)} passed, {len(verdicts) - sum(verdicts)} failed"


def read(printed: str) -> tuple | None:
    """(passed, failed) of the last such line, if there is one."""
    found = _LINE.findall(printed)
    return tuple(map(int, found[-1])) if found else None
