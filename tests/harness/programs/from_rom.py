"""Runs a program with a ROMFS image mounted at /rom: `from_rom.py IMAGE PROGRAM [ARGUMENTS]`, two files.

What mounting it left is taken out of the heap before: a board does that in C.
"""

import gc
import sys

import mount

del mount, sys.modules["mount"]
gc.collect()
execfile(sys.argv[0])  # noqa: F821  MicroPython has it
