"""Bytes of a PINGREQ and its answer, counted over 7 s at a keep-alive of 2 s, times the pings of an hour at the
default of 60 s (one after 45 s of silence). TCP/IP headers add 80 bytes a ping. umqtt.simple never pings by itself.
"""

from . import peers
from .counterpart import Counterpart
from .measurement import Column, Measurement
from .records import Meter

_SECONDS = 7
_KEEPALIVE_S = 2
_SHARE = 0.75  # of the keep-alive time, after which this library pings


def sample(bench, runtime, peer):
    with (
        Meter(bench.broker.port) as meter,
        Counterpart(bench.broker.plain_port),
        bench.run(runtime, "keepalive", peer, _SECONDS, port=meter.port) as device,
    ):
        device.expect("ready", 30)
        before = meter.snapshot()
        device.send("go")
        device.expect("done", 30)
        up_bytes, up_records, down_bytes, _ = (new - old for old, new in zip(before, meter.snapshot(), strict=True))
        device.send("go")
    per_hour = 3600 / (60 * _SHARE)
    return {
        "up": up_bytes / up_records * per_hour,
        "down": down_bytes / up_records * per_hour,
        "pings": per_hour,
        "seen": up_records,
    }


MEASUREMENT = Measurement(
    "keepalive",
    "Keep-alive, per hour",
    __doc__,
    (Column("pings", "pings"), Column("up", "bytes up"), Column("down", "bytes down")),
    sample,
    runtimes=("mp32",),
    left_out=tuple(peer for peer in peers.ALL if peer is not peers.OURS),
    turns=1,
    reference=None,
)
