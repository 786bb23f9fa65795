"""Runs a program with a ROMFS image mounted at /rom: `from_rom.py IMAGE PROGRAM [ARGUMENTS]`, two files."""

import sys

import mount

del mount, sys.modules["mount"]
execfile(sys.argv[0])  # noqa: F821  MicroPython has it
