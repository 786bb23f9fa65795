"""A Cortex-M3 that runs MicroPython under qemu: a real port's garbage collector, floats, LittleFS and ROMFS.

`make qemu` builds it from Debian's source package with Debian's compiler. port/ holds what we add to MicroPython's qemu
port, which has neither clock nor files: it is copied over the unpacked source. What this board lacks is a network.
"""
