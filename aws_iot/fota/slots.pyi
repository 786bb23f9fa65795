"""Where a new version is put, tried and taken back: application files here, ESP32 images in partition.py.

An image ends with the SHA-256 of what is before it, as ESP-IDF's application images do. bundle.py describes the images
that hold files.
"""

from collections.abc import Callable, Iterator
from typing import Any

class Slot:
    """What every slot shares: the record that survives power cuts, in folder ``root``, and the life of a trial.

    ``root``: by default /fota; on a computer fota, where the program is started.
    ``version``: of the running application; ``board``: what an image must be for (default: sys.platform). ``trial`` is
    True while the running version waits for confirm(). ``record``: what it keeps; ``claims``: the version and board
    that an image says it is; ``reset``: starts the board again; ``kind``: "files" or "image". A slot of another kind is
    a class with the methods of FileSlot.
    """

    kind: str
    version: str
    board: str
    root: str
    trial: bool
    record: dict
    claims: dict

    def __init__(
        self, version: str | None = None, root: str = ..., board: str | None = None, reset: Callable[[], Any] = ...
    ) -> None: ...
    def save(self, **changes: Any) -> None:
        """Change fields of the record (None takes one out) in one step that a power cut cannot halve."""

    def begin(self, image: str, size_bytes: int) -> int:
        """Make room for ``image`` (a str that names it); -> how many of its bytes are here from before a power cut.

        Raises OSError 28 when it cannot fit, ValueError while another version is on trial.
        """

    def discard(self) -> None:
        """Forget the image that was begun, and free its room."""

    def confirm(self, **changes: Any) -> None:
        """The running version is good and stays; ``changes`` go into the record in the same step."""

    def undo(self, why: str) -> None:
        """End the trial: after the next reset the old version runs, and the record tells ``why``."""
    reset: Callable[[], Any]

class FileSlot(Slot):
    """Application files: a bundle goes into the idle one of the folders a and b of ``root``; boot.run() picks."""

    def stalled(self) -> bool:
        """True when the trial was never begun and activate() is to be called again: here one rename does it all."""

    def path(self, name: str = "") -> str:
        """Where file ``name`` (with a slash) of the idle set is."""

    def write(self, data: bytes | memoryview) -> None:
        """Take the next bytes of the image; raises ValueError for what is no bundle, OSError 28 when full."""

    def parts(self, buffer: bytearray) -> Iterator[memoryview]:
        """The image read back from the flash, through ``buffer`` (a bytearray): memoryviews, valid until the next."""

    def activate(self, **changes: Any) -> None:
        """Put the image, verified by the caller, on trial from the next reset; ``changes`` go into the record."""

def default(**options: Any) -> Slot:
    """The slot that fits this board: its second app partition if it has one, else application files."""
