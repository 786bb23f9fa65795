"""CPU time of a poll() (umqtt: check_msg()) when nothing is there, and per second of waiting in poll(1000)."""

from . import peers
from .measurement import Column, Measurement


def sample(bench, runtime, peer):
    wait_s = 3 if peer is peers.OURS else 0  # umqtt's wait_msg() has no end
    with bench.run(runtime, "idle", peer, 20000, wait_s) as device:
        done = device.expect("done", 60)
    return {key: done[key] for key in ("poll_us", "waiting_us") if key in done}


MEASUREMENT = Measurement(
    "idle",
    "Idle",
    __doc__,
    (Column("poll_us", "poll(), us", 1), Column("waiting_us", "a second of waiting, us")),
    sample,
    runtimes=("mp32", "mp64"),
    left_out=(peers.DEFAULT, peers.FLOOR, peers.ROBUST, peers.UMQTT),
    turns=2,
    reference="nodelay",
)
