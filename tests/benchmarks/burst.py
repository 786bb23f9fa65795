"""A turn: 2,000 QoS 1 publishes of 128 bytes in one go, in a window of 10: most of them find it full. CPU time of each
until the last PUBACK. umqtt.simple waits for each.
"""

from . import peers
from .measurement import MANY, Column, Measurement


def sample(bench, runtime, peer):
    with bench.run(runtime, "burst", peer, bench.count(2000)) as device:
        return {"cpu_us": device.expect("done", 60)["cpu_us"]}


MEASUREMENT = Measurement(
    "burst",
    "A burst of QoS 1 publishes",
    __doc__,
    (Column("cpu_us", "CPU, us"),),
    sample,
    runtimes=("mp32", "mp64"),
    turns=MANY,
    left_out=(peers.FLOOR, peers.UMQTT, peers.ROBUST),
    reference="nodelay",
)
