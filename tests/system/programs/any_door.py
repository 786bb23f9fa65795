"""Runs a program as it is, on any interpreter: argument 1 is its path, 2 the keys for the doors that need them, or [].

A program of a board's own has its keys in code, or by the credential provider; on CPython there are no ticks.
"""

import gc
import json
import sys
import time

import aws_iot
from aws_iot import Thing

if sys.implementation.name != "micropython":
    time.ticks_ms, time.ticks_diff, gc.mem_free = aws_iot.ticks_ms, aws_iot.ticks_diff, lambda: 0

KEYS = json.loads(sys.argv[2])
made = Thing.from_config
if KEYS:
    Thing.from_config = lambda path: made(path, keys=lambda: KEYS)
with open(sys.argv[1]) as file:
    source = file.read()
exec(source, {"__name__": "__main__"})
