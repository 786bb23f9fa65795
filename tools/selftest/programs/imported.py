"""The heap that the library's import takes, in an interpreter that has imported nothing else."""

import gc
import time


def run():
    gc.collect()
    before = gc.mem_alloc()
    start = time.ticks_ms()
    from aws_iot import Thing  # noqa: F401

    took = time.ticks_diff(time.ticks_ms(), start)
    gc.collect()
    grown = gc.mem_alloc() - before
    from base import say

    say("imported", bytes=grown, ms=took, free_bytes=gc.mem_free())
