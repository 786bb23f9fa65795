"""A program that reports every 50 ms; its link is cut (reset) and stays away for 0.3 s: seconds from the cut to the
first report that arrives after it. The users of umqtt.simple, paho-mqtt (driven by its loop()) and aiomqtt reconnect
by hand, at once and then each second. This library waits 1 s or more, by chance, before it tries again: a fleet that
is cut off together must not come back together, and AWS takes one CONNECT a second from a client.
"""

import time

from ..harness.relay import Relay
from . import peers
from .counterpart import Counterpart
from .measurement import Column, Measurement

_OUTAGE_S = 0.3


def sample(bench, runtime, peer):
    with (
        Relay(bench.broker.port) as relay,
        Counterpart(bench.broker.plain_port) as cloud,
        bench.run(runtime, "recovery", peer, port=relay.port) as device,
    ):
        device.expect("ready", 30)
        cloud.report()
        time.sleep(0.5)
        relay.cut()
        cut = time.perf_counter()
        time.sleep(_OUTAGE_S)
        cloud.forget()
        relay.restore()
        cloud.report()
        return {"s": time.perf_counter() - cut}


MEASUREMENT = Measurement(
    "recovery",
    "A cut link",
    __doc__,
    (Column("s", "seconds", 2),),
    sample,
    left_out=(peers.DEFAULT, peers.FLOOR, peers.NODELAY),
    reference=None,
)
