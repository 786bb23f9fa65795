"""gc.mem_alloc() after a collection: all that is allocated, the interpreter's own 700 bytes and the program itself
included. Imported: a program of three lines. Connected: a program of 30 lines with a delta handler. umqtt.simple has
no shadow: its program does that by hand.
"""

from . import peers
from .cloud import Cloud
from .measurement import Column, Measurement

_PROGRAMS = {
    peers.OURS.key: ("ours", ("update/delta",)),
    peers.DEFAULT.key: ("ours", ()),
    peers.UMQTT.key: ("umqtt", ()),
}
LEFT_OUT = tuple(peer for peer in peers.ALL if peer.key not in _PROGRAMS)


def accepts(peer) -> bool:
    """Whether the cloud accepts the reports, for those who listen to it."""
    return peer is peers.DEFAULT


def importing(bench, runtime, peer, heap):
    """A program of three lines that only imports."""
    return bench.program(runtime, f"import_{_PROGRAMS[peer.key][0]}", heap=heap)


def answering(bench, runtime, peer, count, heap):
    """The peer's whole program, which answers so many deltas."""
    name, topics = _PROGRAMS[peer.key]
    return bench.program(runtime, f"app_{name}", bench.broker.port, count, *topics, heap=heap)


def sample(bench, runtime, peer):
    with importing(bench, runtime, peer, "256k") as device:
        imported = device.expect("imported", 30)["bytes"]
    with Cloud(bench.broker.plain_port), answering(bench, runtime, peer, 0, "256k") as device:
        connected = device.expect("connected", 30)["bytes"]
    return {"imported": imported, "connected": connected}


MEASUREMENT = Measurement(
    "heap",
    "Heap, bytes",
    __doc__,
    (Column("imported", "imported"), Column("connected", "connected, delta handler")),
    sample,
    runtimes=("mp32", "mp64"),
    left_out=LEFT_OUT,
    rounds=1,
    reference="umqtt",
)
