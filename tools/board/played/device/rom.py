"""The ROMFS of the make-believe board, run by MicroPython's unix port, which has VfsRom and no partition for it.

It stands in for what a port has in C: NOR flash (a file here), in which erasing sets each bit and writing only clears
some; vfs.rom_ioctl; and what mp_vfs_mount_romfs_protected does when the board starts. Of the two kinds of ports it
plays "memory", as stm32, alif, samd and renesas-ra are, and "device", as esp32, mimxrt, nrf and rp2 are.
https://docs.micropython.org/en/latest/library/vfs.html#vfs.rom_ioctl
"""

import os
import sys

import ffi
import uctypes
import vfs

_BLOCK = 4096
_EINVAL = 22


class Memory:
    """The partition, as MicroPython sees it in its address space; what is written stays in the file."""

    def __init__(self, path):
        libc = ffi.open("libc.so.6")
        self.size = os.stat(path)[6]
        file = libc.func("i", "open", "si")(path, 2)  # O_RDWR
        # PROT_READ | PROT_WRITE, MAP_SHARED
        self.view = uctypes.bytearray_at(libc.func("p", "mmap", "pLiiil")(0, self.size, 3, 1, file, 0), self.size)

    def erase(self, start, length):
        for at in range(start, start + length):
            self.view[at] = 0xFF

    def program(self, start, data):
        for at, byte in enumerate(data):
            self.view[start + at] &= byte


class Calls:
    """vfs.rom_ioctl of a port with "memory"."""

    def __init__(self, memory, block):
        self.memory, self.block = memory, block

    def __call__(self, op, *arguments):
        if op == 1:
            return 1
        if op == 2:
            return self.memory.view
        if op == 3:
            start, length = ((0,) + arguments[1:])[-2:]
            if self.block and (start % self.block or length % self.block):
                return -_EINVAL
            self.memory.erase(start, length)
            return 16
        if op == 4:
            self.memory.program(arguments[1], arguments[2])
            return 0
        return self.block if op == 6 and self.block else -_EINVAL


class Device(bytearray):
    """The block device of a port with "device": its buffer is the partition, a copy here, since only C can map it."""

    def ioctl(self, op, argument):
        if op == 4:
            return len(self) // _BLOCK
        if op == 5:
            return _BLOCK
        if op == 6:
            self.memory.erase(argument * _BLOCK, _BLOCK)
            self._read(argument * _BLOCK, _BLOCK)
        return 0

    def writeblocks(self, block, data, offset):
        self.memory.program(block * _BLOCK + offset, data)
        self._read(block * _BLOCK + offset, len(data))

    def _read(self, start, length):
        self[start : start + length] = self.memory.view[start : start + length]


class Vfs:
    """The module vfs with rom_ioctl."""

    def __init__(self, rom_ioctl):
        self.rom_ioctl = rom_ioctl

    def __getattr__(self, name):
        return getattr(vfs, name)


def plug(kind, path):
    """Give the board its partition; to be called before its flash is all that it sees."""
    memory = Memory(path)
    if kind == "device":
        device = Device(memory.view)
        device.memory = memory
        rom_ioctl = lambda op, *arguments: {1: 1, 2: device}.get(op, -_EINVAL)  # noqa: E731
    else:
        rom_ioctl = Calls(memory, {"memory": _BLOCK, "memory whole": 0}[kind])
    sys.modules["vfs"] = Vfs(rom_ioctl)
    return rom_ioctl(2, 0)


def mount(partition):
    """As the board starts: at /rom, and on the path before /lib, when there is an image in it."""
    try:
        vfs.mount(vfs.VfsRom(partition), "/rom")
    except OSError:
        return
    sys.path[2:2] = ["/rom", "/rom/lib"]
