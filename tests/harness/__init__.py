"""What the tests stand on: runtimes, brokers, certificates, the local AWS."""

from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
CACHE = ROOT / ".cache"
