"""What is cut off at each of many steps, in parts that run side by side: `make test` plays the first of them."""

import pytest


def parts(number: int, tested: int = 1) -> list:
    """Parameters for `part`: those below `number`, of which `make power` plays those from `tested` on."""
    return [pytest.param(part, marks=[pytest.mark.power] if part >= tested else []) for part in range(number)]
