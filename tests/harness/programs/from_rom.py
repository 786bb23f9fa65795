"""Runs a program (a module's name) with a ROMFS image mounted at /rom: `from_rom.py IMAGE PROGRAM [ARGUMENTS]`.

The image is mapped outside of MicroPython's heap, as a board's flash is; /rom/lib comes first in the import path. On a
board that is done in C. Here it must leave nothing that counts: each name is one that the library has as well, and
strings are longer than MicroPython interns, since the 301st name takes 2.2 KB.
"""

import os
import sys

import ffi
import uctypes
import vfs

name = ffi.open("libc.so.6" + "        "[:0])
size = os.stat(sys.argv[1])[6]
data = getattr(name, "func        "[:4])
name = data("p", "mmap         "[:4], "pLiiil     "[:6])(
    0, size, 1, 2, data("i", "open        "[:4], "si           "[:2])(sys.argv[1], 0), 0
)  # PROT_READ, MAP_PRIVATE
vfs.mount(vfs.VfsRom(uctypes.bytearray_at(name, size)), "/rom")
sys.path.insert(0, "/rom/lib")
del sys.argv[:2]
__import__(sys.argv[0])
