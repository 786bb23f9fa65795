"""A board that this computer plays, for those who have none: `thing board`.

board.py    MicroPython as a board's process: switched on, reset, stopped by Ctrl-C
line.py     its serial line, as a tty
place.py    where one runs, so that the other commands find it
device/     what that MicroPython runs: the raw REPL, a ROMFS
firmware/   stand-ins for what its firmware lacks: machine, network, ntptime, neopixel

It stands in for an ESP32 on a USB serial line: a heap of its size, a folder as its flash. It cannot stand in for flash
that wears or fills, a radio, a serial line that drops bytes, an ESP32's speed, its partitions or its TLS's memory.
"""
