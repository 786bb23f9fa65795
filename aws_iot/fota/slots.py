"""Where a new version is put, tried and taken back: application files here, ESP32 images in partition.py.

An image ends with the SHA-256 of what is before it, as ESP-IDF's application images do. bundle.py describes the images
that hold files.
"""

import os
import sys

import aws_iot

from ..record import MANIFEST, ROOT, exists, load, reset, save, sync, undo

const = int  # mpy-cross folds ``_X = const(n)`` by the name; CPython calls int

_FLUSH_BYTES = const(65536)  # at most so much is fetched again after a power cut
_DIGEST_BYTES = const(32)
HEADER = "/header"


class Slot:
    """What every slot shares: the record that survives power cuts, in folder ``root``, and the life of a trial.

    ``root``: by default /fota; on a computer fota, where the program is started.
    ``version``: of the running application; ``board``: what an image must be for (default: sys.platform). ``trial`` is
    True while the running version waits for confirm(). ``record``: what it keeps; ``claims``: the version and board
    that an image says it is; ``reset``: starts the board again; ``kind``: "files" or "image". A slot of another kind is
    a class with the methods of FileSlot.
    """

    def __init__(self, version=None, root=ROOT, board=None, reset=reset):
        self.root = root
        self.board = board or sys.platform
        self.reset = reset
        self.claims = {}  # what the image says of itself, once that has come: may hold version and board
        if not exists(root):
            os.mkdir(root)
        self.record = load(root)
        self.trial = "next" in self.record and self._on_trial()  # type: ignore[attr-defined]
        known = self.record.get("job", {}).get("version") if self.trial else self.record.get("version")
        self.version = version or known or "0"

    def save(self, **changes):
        """Change fields of the record (None takes one out) in one step that a power cut cannot halve."""
        for name in changes:
            if changes[name] is None:
                self.record.pop(name, None)
            else:
                self.record[name] = changes[name]
        save(self.root, self.record)

    def begin(self, image, size_bytes):
        """Make room for ``image`` (a str that names it); -> how many of its bytes are here from before a power cut.

        Raises OSError 28 when it cannot fit, ValueError while another version is on trial.
        """
        if self.trial:
            raise ValueError("another version is on trial")
        if "next" in self.record:  # it never started: the power was cut before, and its job was canceled meanwhile
            self.undo("another version came before it started")
        self.size = size_bytes
        self.claims = {}
        if self.record.get("image") == image:
            have = self._resume()  # type: ignore[attr-defined]
            if have:
                return have
        self.discard()
        self.save(image=image)
        return 0

    def discard(self):
        """Forget the image that was begun, and free its room."""
        self._erase()  # type: ignore[attr-defined]  # first, since on a full flash the record finds no room before
        self.save(image=None, have=None)

    def confirm(self, **changes):
        """The running version is good and stays; ``changes`` go into the record in the same step."""
        if self.trial:
            self._keep()  # type: ignore[attr-defined]
            self.trial = False
            self._end(old=None, version=self.version, **changes)

    def undo(self, why):
        """End the trial: after the next reset the old version runs, and the record tells ``why``."""
        self._leave()  # type: ignore[attr-defined]
        self.trial = False
        undo(self.record, why)
        self._end()

    def _end(self, **changes):
        self.save(next=None, tries=None, armed=None, image=None, have=None, **changes)


class FileSlot(Slot):
    """Application files: a bundle goes into the idle one of the folders a and b of ``root``; boot.run() picks."""

    kind = "files"
    head = tail = b""
    file = files = None  # the one that is written; (name, size) of each
    index = left = unsaved = 0  # its number, what it lacks, what a power cut would take

    def _on_trial(self):
        # a set without its manifest was given up, on a flash so full that the record could not say so
        return self.record["tries"] > 0 and exists(self.path(MANIFEST))

    def stalled(self):
        """True when the trial was never begun and activate() is to be called again: here one rename does it all."""
        return False

    def path(self, name=""):
        """Where file ``name`` (with a slash) of the idle set is."""
        return "%s/%s%s" % (self.root, "b" if self.record.get("set") == "a" else "a", name)

    def _erase(self):
        aws_iot.fota.bundle.erase(self)

    def _resume(self):
        return aws_iot.fota.bundle.resume(self)

    def write(self, data):
        """Take the next bytes of the image; raises ValueError for what is no bundle, OSError 28 when full."""
        if self.files is None:
            data = aws_iot.fota.bundle.take_header(self, data)
        while data and self.index < len(self.files):
            if not self.file:
                self.file = aws_iot.fota.bundle.create(self)
            part = data[: self.left]
            self.file.write(part)
            self.left -= len(part)
            self.unsaved += len(part)
            data = data[len(part) :]
            if not self.left:
                self._close()
            elif self.unsaved >= _FLUSH_BYTES:
                self.unsaved = 0
                sync(self.file)
        if data:
            self.tail += bytes(data)
            if len(self.tail) > _DIGEST_BYTES:
                raise ValueError("image longer than its files")

    def _close(self):
        sync(self.file)
        self.file.close()
        self.file = None
        self.index += 1
        self.unsaved = 0
        self.left = self.files[self.index][1] if self.index < len(self.files) else 0

    def parts(self, buffer):
        """The image read back from the flash, through ``buffer`` (a bytearray): memoryviews, valid until the next."""
        if self.file:  # the image ended early
            self.file.close()
            self.file = None
        yield memoryview(self.head)
        buffer = memoryview(buffer)
        for name, _ in (self.files or ())[: self.index]:
            with open(self.path("/" + name), "rb") as file:
                while True:
                    count = file.readinto(buffer)
                    if not count:
                        break
                    yield buffer[:count]
        yield memoryview(self.tail)

    def activate(self, **changes):
        """Put the image, verified by the caller, on trial from the next reset; ``changes`` go into the record."""
        if exists(self.path(HEADER)):
            os.rename(self.path(HEADER), self.path(MANIFEST))
        self.save(next=self.path()[-1], old=None, tries=0, undone=None, error=None, confirmed=None, **changes)

    def _keep(self):
        self.record["set"] = self.record["next"]

    def _leave(self):
        pass  # the old set is in force as soon as the record says so


def default(**options):
    """The slot that fits this board: its second app partition if it has one, else application files."""
    try:
        from .partition import Partition, PartitionSlot

        Partition(Partition.RUNNING).get_next_update()
        return PartitionSlot(**options)
    except (ImportError, OSError):  # no ESP32; a partition table for one app only
        return FileSlot(**options)
