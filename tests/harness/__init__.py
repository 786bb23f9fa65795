"""What the tests stand on: runtimes, brokers, certificates, the local AWS."""

from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
CACHE = ROOT / ".cache"
# What has not come by then never comes. No test is judged by it: it ends what hangs, however busy the machine is.
HANG_S = 120
