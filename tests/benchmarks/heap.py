"""Growth of gc.mem_alloc() after a collection since the program's first line, its own code not counted before that;
"in all" is the absolute figure, with the interpreter's 700 bytes. Imported: a program of five lines. Connected: a
program of 25 lines with a delta handler, without the files that are lent to it, and with all that are kept while there
is room. In ROMFS: the library is in an image that lies outside of the heap, as a board's flash does. umqtt.simple has
no shadow: its program subscribes to the deltas.
"""

from . import peers
from .counterpart import Counterpart
from .measurement import Column, Measurement

_PROGRAMS = {
    peers.OURS.key: ("ours", ("update/delta",)),
    peers.DEFAULT.key: ("ours", ()),
    peers.ROM.key: ("ours", ("update/delta",)),
    peers.UMQTT.key: ("umqtt", ()),
}
LEFT_OUT = tuple(peer for peer in peers.ALL if peer.key not in _PROGRAMS)


def accepts(peer) -> bool:
    """Whether the cloud accepts the reports, for those who listen to it."""
    return peer is peers.DEFAULT


def program(bench, runtime, peer, what, *arguments, heap):
    """Start the peer's program that does `what`; a Thing's gets its response topics after the other arguments."""
    name, topics = _PROGRAMS[peer.key]
    words = (f"{what}_{name}", *arguments, *(topics if what != "import" else ()))
    return bench.program(runtime, *words, heap=heap, rom=peer is peers.ROM)


def sample(bench, runtime, peer):
    with program(bench, runtime, peer, "import", heap="256k") as device:
        figures = _figures(device, "imported")
    with (
        Counterpart(bench.broker.plain_port),
        program(bench, runtime, peer, "connect", bench.broker.port, heap="256k") as device,
    ):
        connected = _figures(device, "connected")
        full = device.events[-1].get("full")
        return figures | connected | ({"lent": full - connected["connected_all"]} if full else {})


def _figures(device, event) -> dict:
    found = device.expect(event, 30)
    return {event: found["bytes"] - found["start"], f"{event}_all": found["bytes"]}


MEASUREMENT = Measurement(
    "heap",
    "Heap, bytes",
    __doc__,
    (
        Column("imported", "imported"),
        Column("imported_all", "in all"),
        Column("connected", "connected, delta handler"),
        Column("connected_all", "in all"),
        Column("lent", "lent files"),
    ),
    sample,
    runtimes=("mp32", "mp64"),
    left_out=LEFT_OUT,
    more=(peers.ROM,),
    turns=1,
    reference="umqtt",
)
