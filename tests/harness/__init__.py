"""What the tests stand on: runtimes, brokers, certificates, the local AWS."""

from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
CACHE = ROOT / ".cache"
# What has not come by then never comes. No test is judged by it: it ends what hangs, however busy the machine is.
HANG_S = 300


def program(suite: str, name: str) -> Path:
    """What runs on the device: tests/SUITE/programs/NAME.py, and beside it what it imports."""
    return ROOT / "tests" / suite / "programs" / f"{name}.py"
