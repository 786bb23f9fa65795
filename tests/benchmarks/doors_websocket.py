"""The WebSocket beside mutual TLS, at one Mosquitto that serves both and looks at no signature: the smallest heap in
which a program answers 200 deltas, and the time from a delta to its report.
"""

import statistics
import tempfile
from pathlib import Path

from tests.harness import program
from tests.harness.certificates import Authority
from tests.harness.mosquitto import Mosquitto
from tests.harness.runtimes import RUNTIMES, Process

from . import smallest
from .counterpart import Counterpart

_DOORS = ("mqtt", "wss")
_ROUNDS, _TURNS = 1000, 3
_RUNTIME = RUNTIMES["mp32"]


def _program(broker: Mosquitto, door: str, rounds: int, heap: str) -> Process:
    port = broker.port if door == "mqtt" else broker.websocket_port
    return Process(_RUNTIME, program("benchmarks", "doors_app"), door, port, rounds, heap=heap, cwd=broker.folder)


def _works(broker: Mosquitto, door: str, heap: str) -> bool:
    with Counterpart(broker.plain_port) as cloud, _program(broker, door, 200, heap) as device:
        try:
            device.expect("connected", 20)
            cloud.rounds(200)
            device.expect("done", 20)
        except (AssertionError, OSError, EOFError):
            return False
        return True


def _median_ms(broker: Mosquitto, door: str) -> float:
    with Counterpart(broker.plain_port) as cloud, _program(broker, door, _ROUNDS + 20, "256k") as device:
        device.expect("connected", 60)
        cloud.rounds(20)
        return statistics.median(cloud.rounds(_ROUNDS))


def main() -> None:
    with tempfile.TemporaryDirectory() as place:
        authority = Authority()
        identity = authority.issue("thing")
        broker = Mosquitto(Path(place), authority, "1.2", websocket=True)
        for name, content in (("crt", identity.certificate_pem()), ("key", identity.key_pem())):
            (broker.folder / f"thing.{name}").write_bytes(content)
        broker.start()
        try:
            print("\n| door | smallest heap, KB | delta -> reported, p50, ms |\n|---|---:|---:|")
            heaps = {door: smallest.least(lambda heap, door=door: _works(broker, door, heap)) for door in _DOORS}
            times = {door: [] for door in _DOORS}
            for door in _DOORS * _TURNS:
                times[door].append(_median_ms(broker, door))
            for door in _DOORS:
                print(f"| {door} | {heaps[door]} | {min(times[door]):.2f} |", flush=True)
        finally:
            broker.stop()


if __name__ == "__main__":
    main()
