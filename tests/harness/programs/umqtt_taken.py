"""Prints the bytes of heap that umqtt.simple takes, and how many names there are then."""

import gc
import json  # noqa: F401  what it loads itself
import socket  # noqa: F401

import micropython

gc.collect()
before = gc.mem_alloc()
import umqtt.simple  # noqa: E402, F401

gc.collect()
print(gc.mem_alloc() - before)
micropython.qstr_info()
