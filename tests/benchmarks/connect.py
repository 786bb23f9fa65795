"""A turn: five connections, from nothing to CONNACK: certificates read, TCP, TLS 1.2 handshake (mutual, P-256),
CONNECT. The handshake's arithmetic is nearly all of the CPU time, which is the mean of the five.
"""

from statistics import mean, median

from . import peers
from .measurement import MANY, Column, Measurement


def sample(bench, runtime, peer):
    with bench.run(runtime, "connect", peer, 5) as device:
        done = device.expect("done", 60)
    return {"ms": min(done["ms"]), "median": median(done["ms"]), "cpu_ms": mean(done["cpu_ms"])}


MEASUREMENT = Measurement(
    "connect",
    "Connect to CONNACK",
    __doc__,
    (Column("ms", "best, ms", 1), Column("median", "median, ms", 1, median), Column("cpu_ms", "CPU, ms", 1)),
    sample,
    turns=MANY,
    left_out=(peers.DEFAULT,),
)
