"""The least -X heapsize (bisected) in which the program of three lines imports, and in which the other connects and
answers 200 deltas. TLS has its memory elsewhere, on this port as on an ESP32.
"""

from . import heap, peers
from .counterpart import Counterpart
from .measurement import Column, Measurement

_LIMIT_KB = 64
_ROUNDS = 200


def _imports(bench, runtime, peer, heap_size) -> bool:
    with heap.program(bench, runtime, peer, "import", heap=heap_size) as device:
        device.wait(10)
        return any(event["event"] == "imported" for event in device.events)


def _answers(bench, runtime, peer, heap_size) -> bool:
    with (
        Counterpart(bench.broker.plain_port, heap.accepts(peer)) as cloud,
        heap.program(bench, runtime, peer, "app", bench.broker.port, _ROUNDS, heap=heap_size) as device,
    ):
        try:
            device.expect("connected", 5)
            cloud.rounds(_ROUNDS)
            device.expect("done", 5)
        except (AssertionError, OSError, EOFError):
            return False
        return True


def least(works) -> int:
    """Bisect: the least number of KB that works, when all larger ones do."""
    low, high = 0, _LIMIT_KB
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if works(f"{middle}k") else (middle, high)
    return high


def sample(bench, runtime, peer):
    return {
        "imports": least(lambda size: _imports(bench, runtime, peer, size)),
        "rounds": least(lambda size: _answers(bench, runtime, peer, size)),
    }


MEASUREMENT = Measurement(
    "smallest",
    "Smallest heap, KB",
    __doc__,
    (Column("imports", "imports"), Column("rounds", "200 delta rounds")),
    sample,
    runtimes=("mp32", "mp64"),
    left_out=heap.LEFT_OUT,
    more=(peers.ROM,),
    turns=1,
    reference="umqtt",
)
