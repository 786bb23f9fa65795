"""The quick part of the catalogue: each fault on each runtime, both drivers; `make faults` plays it all."""

import pytest

from tests.harness import ROOT

from . import ids
from .batch import played
from .catalogue import BY_NAME, ROWS

_CELLS = [
    pytest.param(row, runtime, driver, id=f"{row.name}-{runtime}-{driver}")
    for row in ROWS
    for runtime in ("mp32", "mp64", "cpython")
    for driver in ("poll", "async")
    if row.meets(runtime, driver) and not row.long
]


@pytest.mark.parametrize("row, place, driver", _CELLS)
def test_fault(row, place, driver):
    outcome = played(row, place, driver)
    assert not outcome.problem, outcome.problem


def test_every_fault_of_the_catalogue_is_played_somewhere():
    gaps = {36, 42, 46, 58, 78, 81, 82, 83, 84, 90}
    assert set(ids.PLAYED) == {f"F{number:02d}" for number in range(1, 93) if number not in gaps}
    for number, places in ids.PLAYED.items():
        assert places, number
        for place in places:
            path, _, test = place.partition("::")
            assert f"def {test}(" in (ROOT / path).read_text() if test else place in BY_NAME, f"{number}: {place}"
