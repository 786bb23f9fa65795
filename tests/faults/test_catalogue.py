"""The quick part of the catalogue: each group of faults on each runtime, both drivers; `make faults` runs it all."""

import asyncio

import pytest

from .batch import run_all
from .catalogue import GROUPS

# Test workers share the cores, which makes gaps of its own; `make faults` judges by the 100 ms that are promised.
_GAP_MS = 400
_COMBINATIONS = [(place, driver) for place in ("mp32", "mp64", "cpython") for driver in ("poll", "async")]


@pytest.mark.parametrize("place, driver", _COMBINATIONS)
@pytest.mark.parametrize("group", GROUPS)
def test_faults(group, place, driver):
    rows = [row for row in GROUPS[group] if not row.long]
    found = asyncio.run(run_all(rows, place, driver, _GAP_MS))
    assert found, "no row ran"
    problems = [f"{name}: {outcome.problem}" for name, outcome in found.items() if outcome.problem]
    assert not problems, f"{len(problems)} of {len(found)} faults\n\n" + "\n\n".join(problems)
