"""Mounts a ROMFS image at /rom, on behalf of from_rom.py: sys.argv[1], which is taken out.

The image is mapped outside of MicroPython's heap, as a board's flash is; /rom/lib comes first in the import path. On a
board that is done in C. Here it must leave nothing that counts: what is imported is forgotten by from_rom.py, and since
the 301st name takes 2.2 KB each name is one that the interpreter or the library has as well, and strings are longer
than MicroPython makes names of. `s` is such a name too, and good for whatever takes 32 bits.
"""

import os
import sys

import ffi
import uctypes
import vfs

size = os.stat(sys.argv[1])[6]
data = open(sys.argv[1], "rb")  # noqa: SIM115  closed below
name = ffi.open("libc.so.6  "[:9]).func("pointer    ", "mmap       "[:4], "ssssss     "[:6])
name = name(0, size, 1, 2, data.fileno(), 0)  # PROT_READ, MAP_PRIVATE
data.close()
vfs.mount(vfs.VfsRom(uctypes.bytearray_at(name, size)), "/rom       "[:4])
sys.path.insert(0, "/rom/lib   "[:8])
del sys.argv[:2]
