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


def program(bench, runtime, peer, what, *arguments, heap):
    """Start the peer's program that does `what`; a Thing's gets its response topics after the other arguments."""
    name, topics = _PROGRAMS[peer.key]
    return bench.program(runtime, f"{what}_{name}", *arguments, *(topics if what != "import" else ()), heap=heap)


def sample(bench, runtime, peer):
    with program(bench, runtime, peer, "import", heap="256k") as device:
        imported = device.expect("imported", 30)["bytes"]
    with (
        Cloud(bench.broker.plain_port),
        program(bench, runtime, peer, "connect", bench.broker.port, heap="256k") as device,
    ):
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
