"""AWS IoT Core Device Advisor's tests, played locally; `make device-advisor` prints them as a table."""

import pytest

from .advisor import FAIL, backoff, run_case
from .advisor_cases import CASES


@pytest.mark.device_advisor
@pytest.mark.parametrize("place", ["mp32", "cpython"])
@pytest.mark.parametrize("name, case", [(name, case) for name, _, case in CASES if callable(case)])
def test_device_advisor(name, case, place):
    verdict, note = run_case(case, place)
    assert verdict != FAIL, f"{name}: {note}"


def test_all_27_ids_are_here():
    assert len({name for name, _, _ in CASES}) == 27
    assert sum(qualifies for _, qualifies, _ in CASES) == 11


@pytest.mark.parametrize(
    "waits, kind",
    [
        ([2, 2, 2, 2, 2], "constant"),
        ([1, 2, 3, 4, 5], "linear"),
        ([1, 2, 4, 8, 16], "exponential"),
        ([1, 3, 2, 9, 14], "jitter"),
        ([9, 8, 1, 2, 1], "none"),
        ([0.1, 0.1, 0.1, 0.1], "none"),
    ],
)
def test_backoff_is_told_apart(waits, kind):
    assert backoff(waits) == kind
