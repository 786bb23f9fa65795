"""A turn: twice the second connection of a client, from connect() to CONNACK: the mean of its CPU time."""

from statistics import mean

from . import peers
from .measurement import MANY, Column, Measurement


def sample(bench, runtime, peer):
    with bench.run(runtime, "again", peer, 2) as device:
        return {"cpu_ms": mean(device.expect("done", 60)["cpu_ms"])}


MEASUREMENT = Measurement(
    "again",
    "Connect a second time",
    __doc__,
    (Column("cpu_ms", "CPU, ms", 1),),
    sample,
    runtimes=("mp32", "mp64"),
    turns=MANY,
    left_out=(peers.FLOOR, peers.UMQTT, peers.ROBUST),
    reference="nodelay",
)
