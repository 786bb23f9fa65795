"""A turn: 1,500 messages (a peer that stalls: 150) until the last PUBACK at QoS 1, 7,500 at QoS 0; window 1 waits for
each PUBACK, window 10 keeps ten in flight. CPU time per message.
"""

from . import peers
from .measurement import MANY, Column, Measurement

_WITHOUT_WINDOW = (peers.FLOOR, peers.UMQTT, peers.NODELAY, peers.ROBUST)


def sample(bench, runtime, peer, qos, window):
    if window > 1 and peer in _WITHOUT_WINDOW:
        return {}
    count = bench.count(1500, peer in peers.STALLING) if qos else bench.count(7500)
    with bench.run(runtime, "publish", peer, count // 10, count, qos, window) as device:
        done = device.expect("done", 60)
    return {f"rate{qos}w{window}": done["rate"], f"cpu{qos}w{window}": done["cpu_us"]}


MEASUREMENT = Measurement(
    "publish",
    "Publish, 128 bytes",
    __doc__,
    (
        Column("rate1w10", "QoS 1, window 10, 1/s", pick=max),
        Column("cpu1w10", "CPU, us"),
        Column("rate1w1", "QoS 1, window 1, 1/s", pick=max),
        Column("cpu1w1", "CPU, us"),
        Column("rate0w1", "QoS 0, 1/s", pick=max),
        Column("cpu0w1", "CPU, us"),
    ),
    sample,
    turns=MANY,
    parts=((1, 10), (1, 1), (0, 1)),
    stalling=peers.STALLING,
    left_out=(peers.DEFAULT,),
)
