"""A board whose new version fills the flash, a real LittleFS in memory, and raises. Runs on MicroPython's unix port.

Arguments: the folder with the helpers of the device tests, and what fills the flash: "file" (one that grows) or "files"
(many, which leave no room for any other). Prints for each start of the board what became of it, as JSON.
"""

import gc
import json
import sys

import vfs

sys.path.append(sys.argv[1])

from samples import bundle, write  # noqa: E402

import aws_iot.boot as boot  # noqa: E402
import aws_iot.record as record  # noqa: E402
from aws_iot.fota.slots import FileSlot  # noqa: E402

_BLOCK, _BLOCKS = 4096, 64
_ROOT = "/flash/fota"
_APPLICATION = {
    "file": """
log = open("/flash/log", "wb")
while True:
    log.write(b"x" * 4096)
    log.flush()
""",
    "files": """
def put(size, number=[0]):
    number[0] += 1
    with open("/flash/%d" % number[0], "wb") as file:
        file.write(b"x" * size)

for size in (4000, 600, 100, 10):
    try:
        while True:
            put(size)
    except OSError:
        pass
put(4000)
""",
}


class Flash:
    """A block device with the extended interface that LittleFS needs."""

    def __init__(self):
        self._data = bytearray(_BLOCK * _BLOCKS)

    def readblocks(self, block, buffer, offset=0):
        at = block * _BLOCK + offset
        buffer[:] = memoryview(self._data)[at : at + len(buffer)]

    def writeblocks(self, block, buffer, offset=0):
        at = block * _BLOCK + offset
        self._data[at : at + len(buffer)] = buffer

    def ioctl(self, command, argument):
        return {4: _BLOCKS, 5: _BLOCK}.get(command, 0)


class Reset(Exception):
    """The board restarts."""


class Machine:
    """Stands in for the module machine."""

    class Timer:
        ONE_SHOT = 0

        def __init__(self, number, mode, period, callback):
            pass

    def reset():
        raise Reset


def start(flash):
    """One life of the board: what became of it."""
    gc.collect()  # closes what the last one left open
    vfs.mount(vfs.VfsLfs2(flash), "/flash")
    path = list(sys.path)
    try:
        boot.run("app", _ROOT)
        return "old"
    except Reset:
        return "reset"
    finally:
        sys.path[:] = path
        sys.modules.pop("app", None)
        vfs.umount("/flash")


def main():
    sys.modules["machine"] = Machine
    flash = Flash()
    vfs.VfsLfs2.mkfs(flash)
    vfs.mount(vfs.VfsLfs2(flash), "/flash")
    with open("/flash/app.py", "w") as file:
        file.write("VERSION = 1\n")
    sys.path.insert(0, "/flash")
    slot = FileSlot("1", _ROOT)
    data = bundle("2", {"app.py": _APPLICATION[sys.argv[2]].encode()})
    slot.begin("2", len(data))
    write(slot, data)
    slot.activate(job={"id": "AFR_OTA-0123456789", "number": 1, "version": "2", "from": "1", "force": False})
    vfs.umount("/flash")
    lives = [start(flash) for _ in range(5)]
    vfs.mount(vfs.VfsLfs2(flash), "/flash")
    print(json.dumps({"lives": lives, "undone": record.load(_ROOT).get("undone")}))


main()
