"""Bytes allocated on the heap per message: what the collector has to run for. gc.mem_alloc() over 50 of each, the
collector off: a QoS 1 delta received and acknowledged, a QoS 1 report of one number until its PUBACK, publishes of
128 bytes. json.loads of the delta alone is 384 bytes on 32 bits.
"""

from . import peers
from .counterpart import Counterpart
from .measurement import Column, Measurement


def sample(bench, runtime, peer):
    count = 50
    with (
        Counterpart(bench.broker.plain_port) as cloud,
        bench.run(runtime, "allocated", peer, count, heap="4m") as device,
    ):
        device.expect("ready", 30)
        cloud.deltas(10 + count + 1)
        done = device.expect("done", 60)
    return {key: done[key] for key in ("delta", "report", "publish1", "publish0")}


MEASUREMENT = Measurement(
    "allocated",
    "Allocated per message, bytes",
    __doc__,
    (
        Column("delta", "per delta"),
        Column("report", "per report"),
        Column("publish1", "per publish, QoS 1"),
        Column("publish0", "per publish, QoS 0"),
    ),
    sample,
    runtimes=("mp32", "mp64"),
    left_out=(peers.DEFAULT, peers.ROBUST, peers.UMQTT),
    turns=1,
    reference="nodelay",
)
