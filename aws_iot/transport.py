"""Clock, sockets and JSON as MicroPython has them: the home of what differs between platforms.

A stream reads and writes counts, or None for "not now". The CPython half is in _cpython.py: boards do not carry it.
"""

import sys

if sys.implementation.name == "micropython":
    import select
    import socket
    from io import BytesIO
    from json import loads  # takes any buffer
    from time import sleep_ms, ticks_add, ticks_diff, ticks_ms
else:
    from ._cpython import BytesIO, loads, select, sleep_ms, socket, ticks_add, ticks_diff, ticks_ms  # noqa: F401
