"""The quick part of the catalogue: each fault on the runtime of boards under both drivers, and on one of the others
under one of them, row by row in turn; `make faults` plays each on each."""

import itertools

import pytest

from tests.harness import ROOT

from . import ids
from .batch import played
from .catalogue import BY_NAME, ROWS

_BOARDS = [("mp32", "poll"), ("mp32", "async")]
_OTHERS = [("mp64", "poll"), ("cpython", "async"), ("mp64", "async"), ("cpython", "poll")]

_IN_A_WEBSOCKET = (
    "closed at accept",
    "cut before CONNECT has arrived",
    "WiFi drops for a while",
    "30 % of the connections fail",
    "PUBACK withheld once: sent again with DUP",
    "25 TLS links lost: the heap per cycle",
)


def _cells():
    turns = itertools.cycle(_OTHERS)
    for row in ROWS:
        if not row.long:
            yield from ((row, *place) for place in _BOARDS if row.meets(*place))
            turn = next((place for place in itertools.islice(turns, len(_OTHERS)) if row.meets(*place)), None)
            if turn:
                yield (row, *turn)


_CELLS = [pytest.param(row, *place, id="-".join((row.name, *place))) for row, *place in _cells()]


@pytest.mark.parametrize("row, place, driver", _CELLS)
def test_fault(row, place, driver):
    outcome = played(row, place, driver)
    assert not outcome.problem, outcome.problem


@pytest.mark.parametrize("name", _IN_A_WEBSOCKET)
def test_fault_in_a_websocket(name):
    outcome = played(BY_NAME[name], "mp32", "poll", "wss")
    assert not outcome.problem, outcome.problem


def test_every_fault_of_the_catalogue_is_played_somewhere():
    gaps = {36, 42, 46, 58, 78, 81, 82, 83, 84, 90}
    assert set(ids.PLAYED) == {f"F{number:02d}" for number in range(1, 93) if number not in gaps}
    for number, places in ids.PLAYED.items():
        assert places, number
        for place in places:
            path, _, test = place.partition("::")
            assert f"def {test}(" in (ROOT / path).read_text() if test else place in BY_NAME, f"{number}: {place}"
