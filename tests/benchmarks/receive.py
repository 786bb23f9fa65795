"""The cloud sends 10,000 messages of 128 bytes in writes of a hundred; the device counts them in its callback."""

from . import peers
from .cloud import Cloud
from .measurement import Column, Measurement


def sample(bench, runtime, peer):
    warm = 500
    count = bench.count(100000 if peer.slow else 10000, peer)  # nothing stalls here
    with Cloud(bench.broker.plain_port) as cloud, bench.run(runtime, "receive", peer, warm, count) as device:
        device.expect("ready", 30)
        cloud.flood("bench/flood", b"x" * 128, warm + count + 100)
        done = device.expect("done", 60)
    return {"rate": done["rate"], "cpu_us": done["cpu_us"]}


MEASUREMENT = Measurement(
    "receive",
    "Receive, QoS 0, 128 bytes",
    __doc__,
    (Column("rate", "1/s", more=True), Column("cpu_us", "CPU, us", 1)),
    sample,
    left_out=(peers.DEFAULT, peers.NODELAY),
)
