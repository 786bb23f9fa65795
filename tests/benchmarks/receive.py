"""A turn: the cloud sends 10,000 messages of 128 bytes in writes of a hundred; the device, with a processor of its own
here, counts them in its callback.
"""

from . import peers
from .counterpart import Counterpart
from .measurement import MANY, Column, Measurement


def sample(bench, runtime, peer):
    warm, count = 500, bench.count(10000)
    with (
        Counterpart(bench.broker.plain_port) as cloud,
        bench.run(runtime, "receive", peer, warm, count, apart=True) as device,
    ):
        device.expect("ready", 30)
        cloud.flood("bench/flood", b"x" * 128, warm + count + 100)
        done = device.expect("done", 60)
    return {"rate": done["rate"], "cpu_us": done["cpu_us"]}


MEASUREMENT = Measurement(
    "receive",
    "Receive, QoS 0, 128 bytes",
    __doc__,
    (Column("rate", "1/s", pick=max), Column("cpu_us", "CPU, us", 1)),
    sample,
    turns=MANY,
    left_out=(peers.DEFAULT, peers.NODELAY),
)
