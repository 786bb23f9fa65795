"""Power cuts while a record is replaced, on a real file system of MicroPython in memory. Argument: VfsFat or VfsLfs2.

Each write of the second save() fails in turn, half done; the record must then be the first or the second. Then each
write of a third save() on what was left, after which it must be the one before or the third. Says what was found.
"""

import json
import sys

import vfs

from aws_iot.record import load, save

_BLOCK, _BLOCKS = 512, 96
_KIND = getattr(vfs, sys.argv[1])


class Cut(Exception):
    """The power failed."""


class Flash:
    """A block device in memory; access number ``cut`` is carried out half, and nothing after it."""

    def __init__(self, data, cut=0):
        self.data, self.cut, self.count = data, cut, 0

    def _writes(self, start, data):
        self.count += 1
        if self.cut and self.count >= self.cut:
            if self.count == self.cut:
                self.data[start : start + len(data) // 2] = data[: len(data) // 2]
            raise Cut
        self.data[start : start + len(data)] = data

    def readblocks(self, block, buffer, offset=0):
        start = block * _BLOCK + offset
        buffer[:] = self.data[start : start + len(buffer)]

    def writeblocks(self, block, buffer, offset=0):
        self._writes(block * _BLOCK + offset, buffer)

    def ioctl(self, command, argument):
        if command == 6:
            self._writes(argument * _BLOCK, b"\xff" * _BLOCK)
            return 0
        return {4: _BLOCKS, 5: _BLOCK}.get(command, 0)


def attempt(data, cut, record):
    """Save ``record`` on a copy of ``data``; -> what is on the flash then, and whether the power failed meanwhile."""
    flash = Flash(bytearray(data), cut)
    vfs.mount(_KIND(flash), "/flash")
    try:
        save("/flash", record)
        failed = False
    except (Cut, OSError):
        failed = True
    flash.cut = 1  # what unmounting might write is lost, too
    try:
        vfs.umount("/flash")
    except (Cut, OSError):
        pass
    return flash.data, failed


def read(data):
    vfs.mount(_KIND(Flash(bytearray(data))), "/flash")
    try:
        return load("/flash").get("image")
    finally:
        vfs.umount("/flash")


def record(text):
    return {"set": "a", "image": text, "job": {"id": text}}


flash = Flash(bytearray(_BLOCK * _BLOCKS))
_KIND.mkfs(flash)
first, _ = attempt(flash.data, 0, record("one"))
found, lost, cut = {}, [], 0
while True:
    cut += 1
    second, failed = attempt(first, cut, record("two"))
    now = read(second)
    if now not in ("one", "two"):
        lost.append([cut, now])
    again = 0
    while failed:
        again += 1
        third, failed_again = attempt(second, again, record("three"))
        after = read(third)
        if after not in (now, "three"):
            lost.append([cut, again, after])
        if not failed_again:
            break
    if not failed:
        break
print(json.dumps({"event": "end", "cuts": cut - 1, "lost": lost}))
