"""Where a new version is put, tried and taken back: application files here, ESP32 images in partition.py.

An image ends with the SHA-256 of what is before it, as ESP-IDF's application images do. A bundle of files begins with
lines of text, ended by an empty one, and the contents follow in the same order:
    aws_iot bundle 1 / version 1.2.0 / board esp32 (may be missing) / file 2345 main.mpy (one line for each)
"""

import os
import sys

import aws_iot.boot as boot

const = int  # mpy-cross folds ``_X = const(n)`` by the name; CPython calls int

_FLUSH_BYTES = const(65536)  # at most so much is fetched again after a power cut
_HEADER_BYTES = const(8192)  # 200 files, and still small beside the heap
_BUFFER_BYTES = const(1024)
_DIGEST_BYTES = const(32)
_ENOSPC = const(28)
_FIRST_LINE = b"aws_iot bundle 1\n"
_HEADER = "/header"


class Slot:
    """What every slot shares: the record that survives power cuts, in folder ``root``, and the life of a trial.

    ``version``: of the running application; ``board``: what an image must be for (default: sys.platform). ``trial`` is
    True while the running version waits for confirm(). A slot of another kind is a class with the methods of FileSlot.
    """

    def __init__(self, version=None, root=boot.ROOT, board=None, reset=boot.reset):
        self.root = root
        self.board = board or sys.platform
        self.reset = reset
        self.claims = {}  # what the image says of itself: may hold version and board
        if not boot.exists(root):
            os.mkdir(root)
        self.record = boot.load(root)
        self.trial = "next" in self.record and self._on_trial()
        known = self.record.get("job", {}).get("version") if self.trial else self.record.get("version")
        self.version = version or known or "0"

    def save(self, **changes):
        """Change fields of the record (None takes one out) in one step that a power cut cannot halve."""
        for name in changes:
            if changes[name] is None:
                self.record.pop(name, None)
            else:
                self.record[name] = changes[name]
        boot.save(self.root, self.record)

    def begin(self, image, size_bytes):
        """Make room for ``image`` (a str that names it); -> how many of its bytes are here from before a power cut.

        Raises OSError 28 when it cannot fit, ValueError while another version is on trial.
        """
        if "next" in self.record:
            raise ValueError("another version is on trial")
        self._size = size_bytes
        if self.record.get("image") == image:
            have = self._resume()
            if have:
                return have
        self.discard()
        self.save(image=image)
        return 0

    def discard(self):
        """Forget the image that was begun, and free its room."""
        self.save(image=None, have=None)
        self._erase()

    def confirm(self, **changes):
        """The running version is good and stays; ``changes`` go into the record in the same step."""
        if self.trial:
            self._keep()
            self.trial = False
            self._end(version=self.version, **changes)

    def undo(self, why):
        """End the trial: after the next reset the old version runs, and the record tells ``why``."""
        self._leave()
        self.trial = False
        boot.undo(self.record, why)
        self._end()

    def _end(self, **changes):
        self.save(next=None, old=None, tries=None, armed=None, image=None, have=None, **changes)


class FileSlot(Slot):
    """Application files: a bundle goes into the idle one of the folders a and b of ``root``; boot.run() picks."""

    kind = "files"

    def _on_trial(self):
        return self.record["tries"] > 0

    def stalled(self):
        """True when the trial was never begun and activate() is to be called again: here one rename does it all."""
        return False

    def _path(self, name=""):
        return "%s/%s%s" % (self.root, "b" if self.record.get("set") == "a" else "a", name)

    def _erase(self):
        self._head, self._tail, self._file = b"", b"", None
        self._index = self._left = self._unsaved = 0
        self._files = None
        # what makes the folder a set goes first
        for name in (boot.MANIFEST, _HEADER):
            if boot.exists(self._path(name)):
                os.remove(self._path(name))
        if boot.exists(self._path()):
            _remove_folder(self._path())
        os.mkdir(self._path())

    def _resume(self):
        self._tail, self._file = b"", None
        self._index = self._left = self._unsaved = 0
        name = _HEADER if boot.exists(self._path(_HEADER)) else boot.MANIFEST
        try:
            with open(self._path(name), "rb") as file:
                self._head = file.read()
            self._files, self.claims = _parse(self._head, self._size)
        except (OSError, ValueError):
            return 0
        have = len(self._head)
        for name, size in self._files:
            try:
                there = os.stat(self._path("/" + name))[6]
            except OSError:
                there = -1
            if there > size:
                return 0
            have += max(there, 0)
            if there < size:
                self._left = size - max(there, 0)
                if there > 0:
                    self._file = open(self._path("/" + name), "ab")  # noqa: SIM115  it stays open
                break
            self._index += 1
        return have

    def write(self, data):
        """Take the next bytes of the image; raises ValueError for what is no bundle, OSError 28 when full."""
        if self._files is None:
            data = self._take_header(data)
        while data and self._index < len(self._files):
            if not self._file:
                self._create()
            part = data[: self._left]
            self._file.write(part)
            self._left -= len(part)
            self._unsaved += len(part)
            data = data[len(part) :]
            if not self._left:
                self._close()
            elif self._unsaved >= _FLUSH_BYTES:
                self._unsaved = 0
                boot.sync(self._file)
        if data:
            self._tail += bytes(data)
            if len(self._tail) > _DIGEST_BYTES:
                raise ValueError("image longer than its files")

    def _take_header(self, data):
        self._head += bytes(data)
        head = self._head
        end = head.find(b"\n\n") + 2
        if head[: len(_FIRST_LINE)] != _FIRST_LINE[: len(head)] or (end < 2 and len(head) > _HEADER_BYTES):
            raise ValueError("not a bundle of files")
        if end < 2:
            return b""
        self._head = head[:end]
        self._files, self.claims = _parse(self._head, self._size)
        self._left = self._files[0][1]
        _check_room(self.root, self._files)
        new = self._path(_HEADER + ".new")
        with open(new, "wb") as file:
            file.write(self._head)
            boot.sync(file)
        os.rename(new, self._path(_HEADER))
        return head[end:]

    def _create(self):
        name = "/" + self._files[self._index][0]
        at = name.find("/", 1)
        while at > 0:
            if not boot.exists(self._path(name[:at])):
                os.mkdir(self._path(name[:at]))
            at = name.find("/", at + 1)
        self._left = self._files[self._index][1]
        self._file = open(self._path(name), "wb")  # noqa: SIM115

    def _close(self):
        boot.sync(self._file)
        self._file.close()
        self._file = None
        self._index += 1
        self._unsaved = 0
        self._left = self._files[self._index][1] if self._index < len(self._files) else 0

    def parts(self):
        """The image read back from the flash: memoryviews, each valid until the next."""
        if self._file:  # the image ended early
            self._file.close()
            self._file = None
        yield memoryview(self._head)
        buffer = memoryview(bytearray(_BUFFER_BYTES))
        for name, _ in (self._files or ())[: self._index]:
            with open(self._path("/" + name), "rb") as file:
                while True:
                    count = file.readinto(buffer)
                    if not count:
                        break
                    yield buffer[:count]
        yield memoryview(self._tail)

    def activate(self, **changes):
        """Put the image, verified by the caller, on trial from the next reset; ``changes`` go into the record."""
        if boot.exists(self._path(_HEADER)):
            os.rename(self._path(_HEADER), self._path(boot.MANIFEST))
        self.save(next=self._path()[-1], tries=0, undone=None, error=None, **changes)

    def _keep(self):
        self.record["set"] = self.record["next"]

    def _leave(self):
        pass  # the old set is in force as soon as the record says so


def _parse(head, size_bytes):
    """The files, as (name, size), and the claims of a bundle of this size; ValueError when they do not fit together."""
    files, claims, total = [], {}, len(head) + _DIGEST_BYTES
    for line in str(head, "utf-8").split("\n")[1:-2]:
        word, _, rest = line.partition(" ")
        if word == "file":
            size, _, name = rest.partition(" ")
            if not size.isdigit() or not _safe(name):
                raise ValueError("file name or size in the bundle")
            files.append((name, int(size)))
            total += int(size)
        else:
            claims[word] = rest
    if not files or total != size_bytes:
        raise ValueError("bundle of %d bytes, not %d" % (total, size_bytes))
    return files, claims


def _safe(name):
    """True for a relative path inside the set that is none of the slot's own files."""
    if not 0 < len(name) <= 128 or "\\" in name or "/" + name in (boot.MANIFEST, _HEADER, _HEADER + ".new"):
        return False
    return min(name.encode()) >= 32 and all(part not in ("", ".", "..") for part in name.split("/"))


def _check_room(root, files):
    status = os.statvfs(root)
    block = status[0]
    need = sum([-(-size // block) + 1 for _, size in files])
    if need > status[4]:
        raise OSError(_ENOSPC)


def _remove_folder(path):
    for name in os.listdir(path):
        name = path + "/" + name
        if os.stat(name)[0] & 0x4000:
            _remove_folder(name)
        else:
            os.remove(name)
    os.rmdir(path)


def default(**options):
    """The slot that fits this board: its second app partition if it has one, else application files."""
    try:
        from .partition import Partition, PartitionSlot

        Partition(Partition.RUNNING).get_next_update()
        return PartitionSlot(**options)
    except (ImportError, OSError):  # no ESP32; a partition table for one app only
        return FileSlot(**options)
