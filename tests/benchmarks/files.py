"""Files read from the flash while 1,000 messages of each kind flow, in a heap of 112 KB: deltas that are answered,
QoS 1 publishes in one go into a window of 10, reports faster than their PUBACKs, messages without a handler, reports
without a connection. Then the largest piece of heap that a program gets, and how much larger it is without lent files.
"""

from . import peers
from .counterpart import Counterpart
from .measurement import Column, Measurement


def sample(bench, runtime, peer):
    count = 1000
    with (
        Counterpart(bench.broker.plain_port, peer is peers.DEFAULT) as cloud,
        bench.run(runtime, "files", peer, count) as device,
    ):
        for _ in range(2):
            cloud.rounds(device.expect("deltas", 30)["count"])
        for _ in range(2):
            cloud.flood("bench/unheard", b"x", device.expect("unheard", 60)["count"])
        done = device.expect("done", 60)
    done["read"] = max(done[kind] for kind in ("deltas", "burst", "reports", "unheard", "offline"))
    done["lent"] = done["block_without"] - done["block"]
    return done


MEASUREMENT = Measurement(
    "files",
    "Files read per 1,000 messages",
    __doc__,
    (
        Column("deltas", "deltas"),
        Column("burst", "publishes"),
        Column("reports", "reports"),
        Column("unheard", "unheard"),
        Column("offline", "offline"),
        Column("block", "largest piece, bytes"),
        Column("lent", "more without"),
    ),
    sample,
    runtimes=("mp32",),
    turns=1,
    left_out=tuple(peer for peer in peers.ALL if peer not in (peers.OURS, peers.DEFAULT)),
    reference=None,
)
