"""Bundles of files: the header, and the folder that a set of files goes into. Lent by FileSlot.

A bundle begins with lines of text, ended by an empty one; the contents follow in the same order, then the SHA-256:
    aws_iot bundle 1 / version 1.2.0 / board esp32 (may be missing) / file 2345 main.mpy (one line for each)
"""

import os

from ..record import MANIFEST, exists, remove, sync
from .slots import HEADER

const = int  # mpy-cross folds ``_X = const(n)`` by the name; CPython calls int

_HEADER_BYTES = const(8192)  # 200 files, and still small beside the heap
_PIECE_BYTES = const(128)
_DIGEST_BYTES = const(32)
_ENOSPC = const(28)
_DEPTH = const(8)  # of a file's path
_FIRST_LINE = b"aws_iot bundle 1\n"


def start(slot):
    if slot.file:
        slot.file.close()
    slot.head = slot.tail = b""
    slot.file = slot.files = None
    slot.index = slot.left = slot.unsaved = 0


def erase(slot):
    """Make the idle folder of ``slot`` an empty one."""
    start(slot)
    if exists(slot.path(HEADER)):  # what tells how to go on with the folder goes first
        os.remove(slot.path(HEADER))
    if exists(slot.path()):
        remove(slot.path())
    os.mkdir(slot.path())


def resume(slot):
    """Go on with what a power cut has left in the idle folder; -> how many bytes of the image it holds, 0 if none."""
    start(slot)
    try:
        with open(slot.path(HEADER if exists(slot.path(HEADER)) else MANIFEST), "rb") as file:
            slot.head = file.read()
        slot.files, slot.claims = _parse(slot.head, slot.size)
    except (OSError, ValueError):
        return 0
    have = len(slot.head)
    for name, size in slot.files:
        try:
            there = os.stat(slot.path("/" + name))[6]
        except OSError:
            there = -1
        if there > size:
            return 0
        have += max(there, 0)
        if there < size:
            slot.left = size - max(there, 0)
            if there > 0:
                slot.file = open(slot.path("/" + name), "ab")  # noqa: SIM115  it stays open
            break
        slot.index += 1
    return have


def take_header(slot, data):
    """Take the header off the beginning of a bundle; -> the rest of ``data``."""
    at = end = 0
    while end < 2:
        piece = bytes(data[at : at + _PIECE_BYTES])
        if not piece:
            return b""
        at += len(piece)
        slot.head += piece
        if slot.head[: len(_FIRST_LINE)] != _FIRST_LINE[: len(slot.head)] or len(slot.head) > _HEADER_BYTES:
            raise ValueError("not a bundle of files")
        end = slot.head.find(b"\n\n") + 2
    rest = at - len(slot.head) + end
    slot.head = slot.head[:end]
    files, slot.claims = _parse(slot.head, slot.size)
    status = os.statvfs(slot.root)
    block = status[0]
    if sum([-(-size // block) + 1 for _, size in files]) > status[4]:
        raise OSError(_ENOSPC)
    slot.left = files[0][1]
    new = slot.path(HEADER + ".new")
    with open(new, "wb") as file:
        file.write(slot.head)
        sync(file)
    os.rename(new, slot.path(HEADER))
    slot.files = files
    return data[rest:]


def create(slot):
    """Open the next file of the bundle, in its folder."""
    name, slot.left = slot.files[slot.index]
    name = "/" + name
    at = name.find("/", 1)
    while at > 0:
        if not exists(slot.path(name[:at])):
            os.mkdir(slot.path(name[:at]))
        at = name.find("/", at + 1)
    return open(slot.path(name), "wb")


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
    if not 0 < len(name) <= 128 or "\\" in name or "/" + name in (MANIFEST, HEADER, HEADER + ".new"):
        return False
    parts = name.split("/")
    return len(parts) <= _DEPTH and min(name.encode()) >= 32 and all(part not in ("", ".", "..") for part in parts)
