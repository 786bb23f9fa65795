"""The quick part of the catalogue: each group of faults on each runtime, both drivers; `make faults` runs it all."""

import asyncio

import pytest

from tests.harness import ROOT

from . import ids
from .batch import run_all
from .catalogue import GROUPS, ROWS

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


def test_every_fault_of_the_catalogue_is_played_somewhere():
    gaps = {36, 42, 46, 58, 78, 81, 82, 83, 84, 90}
    assert set(ids.PLAYED) == {f"F{number:02d}" for number in range(1, 93) if number not in gaps}
    names = {row.name for row in ROWS}
    for number, places in ids.PLAYED.items():
        assert places, number
        for place in places:
            path, _, test = place.partition("::")
            assert f"def {test}(" in (ROOT / path).read_text() if test else place in names, f"{number}: {place}"
