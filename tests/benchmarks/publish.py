"""3,000 messages (a peer that stalls: 150), until the last PUBACK at QoS 1; window 1 waits for each PUBACK, window 10
keeps ten in flight. CPU time per message.
"""

from . import peers
from .measurement import Column, Measurement


def sample(bench, runtime, peer):
    figures = {}
    for qos, window in ((0, 1), (1, 1), (1, 10)):
        if window > 1 and peer.key in ("umqtt", "nodelay", "robust", "floor"):
            continue  # they have no window
        count = bench.count(3000, peer)
        with bench.run(runtime, "publish", peer, count // 10, count, qos, window) as device:
            done = device.expect("done", 60)
        figures[f"rate{qos}w{window}"] = done["rate"]
        figures[f"cpu{qos}w{window}"] = done["cpu_us"]
    return figures


MEASUREMENT = Measurement(
    "publish",
    "Publish, 128 bytes",
    __doc__,
    (
        Column("rate1w10", "QoS 1, window 10, 1/s", more=True),
        Column("cpu1w10", "CPU, us"),
        Column("rate1w1", "QoS 1, window 1, 1/s", more=True),
        Column("cpu1w1", "CPU, us"),
        Column("rate0w1", "QoS 0, 1/s", more=True),
        Column("cpu0w1", "CPU, us"),
    ),
    sample,
    left_out=(peers.DEFAULT,),
)
