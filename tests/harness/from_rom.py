"""Runs a program (a module's name) with a ROMFS image mounted at /rom: `from_rom.py IMAGE PROGRAM [ARGUMENTS]`.

The image is mapped outside of MicroPython's heap, as a board's flash is; /rom/lib comes first in the import path.
"""

import os
import sys

import ffi
import uctypes
import vfs

_PROT_READ, _MAP_PRIVATE = 1, 2


def _mapped(path):
    """The file's content, not in the heap."""
    libc = ffi.open("libc.so.6")
    size = os.stat(path)[6]
    handle = libc.func("i", "open", "si")(path, 0)
    address = libc.func("p", "mmap", "pLiiil")(0, size, _PROT_READ, _MAP_PRIVATE, handle, 0)
    return uctypes.bytearray_at(address, size)


vfs.mount(vfs.VfsRom(_mapped(sys.argv[1])), "/rom")
sys.path.insert(0, "/rom/lib")
del sys.argv[:2]
__import__(sys.argv[0])
