"""For pytest alone, which runs these tests on CPython; MicroPython's are run by tests/harness/device_tests.py."""

import pytest


@pytest.fixture(autouse=True)
def _folders(monkeypatch, tmp_path):
    """What samples.folder() makes goes with pytest's own folders."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
