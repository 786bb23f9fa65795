"""Per message: TLS records and bytes that the device sends, and bytes that it gets, counted by a relay that reads the
record headers. TLS framing is included, TCP/IP headers (40 bytes a segment) are not. A record is a write; without
TCP_NODELAY the kernel may put several into one segment, and waits.
"""

import time

from . import peers
from .counterpart import Counterpart
from .measurement import Column, Measurement
from .records import Meter

_SETTLE_S = 0.1


def sample(bench, runtime, peer):
    figures, count = {}, bench.count(100, peer in peers.STALLING)
    with (
        Meter(bench.broker.port) as meter,
        Counterpart(bench.broker.plain_port) as cloud,
        bench.run(runtime, "wire", peer, count, port=meter.port) as device,
    ):
        for name in ("publish0", "publish1", "rounds"):
            device.expect("step", 30, name=name)
            before = meter.snapshot()
            if name == "rounds":
                cloud.rounds(count)
            else:
                device.send("go")
            device.expect("step", 60, name="end")
            time.sleep(_SETTLE_S)
            up_bytes, up_records, down_bytes, _ = (
                (new - old) / count for old, new in zip(before, meter.snapshot(), strict=True)
            )
            figures |= {f"{name}_records": up_records, f"{name}_up": up_bytes, f"{name}_down": down_bytes}
            device.send("go")
    return figures


MEASUREMENT = Measurement(
    "wire",
    "On the wire",
    __doc__,
    (
        Column("publish1_records", "publish QoS 1: records", 1),
        Column("publish1_up", "bytes up"),
        Column("publish1_down", "down"),
        Column("rounds_records", "delta round: records", 1),
        Column("rounds_up", "bytes up"),
        Column("rounds_down", "down"),
        Column("publish0_records", "publish QoS 0: records", 1),
        Column("publish0_up", "bytes up"),
    ),
    sample,
    left_out=(peers.DEFAULT, peers.ROBUST),
    turns=1,
)
