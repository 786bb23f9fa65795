"""A turn: the cloud sets a desired value 1,000 times (a peer that stalls: 100 times), each after the last one's report:
time from its write of the delta to its reading of the report, and the device's CPU time per round, TLS and kernel
included. The p99 is the median of the turns'. With all response topics each report is also answered with
update/accepted, as AWS does: one message more.
"""

from statistics import median

from . import peers
from .counterpart import Counterpart
from .measurement import MANY, Column, Measurement

_STALLING = (*peers.STALLING, peers.AIOMQTT, peers.SDK2, peers.SDK1)


def sample(bench, runtime, peer):
    warm, count = 20, bench.count(1000, peer in _STALLING)
    accepting = peer is peers.DEFAULT
    with (
        Counterpart(bench.broker.plain_port, accepting) as cloud,
        bench.run(runtime, "rounds", peer, warm, count) as device,
    ):
        device.expect("ready", 30)
        cloud.rounds(warm)
        times = sorted(cloud.rounds(count))
        cpu_us = device.expect("done", 30)["cpu_us"]
    return {"p50": times[count // 2], "p99": times[count * 99 // 100], "cpu_us": cpu_us}


MEASUREMENT = Measurement(
    "rounds",
    "Delta -> reported, QoS 1",
    __doc__,
    (Column("p50", "p50, ms", 2), Column("p99", "p99, ms", 2, median), Column("cpu_us", "CPU per round, us")),
    sample,
    turns=MANY,
    stalling=_STALLING,
)
