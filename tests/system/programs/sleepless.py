"""Sleeps that take no time, for devices whose tests would mostly wait for back-offs.

Where aws_iot sleeps, nobody is waited for, so its clock goes on by itself. Where it waits for a peer, which cannot be
stepped as tests/harness/stepped.py steps its broker, the clock is the machine's: how busy that is changes nothing.
Runs on CPython and MicroPython, before anything else of aws_iot is imported.
"""

import aws_iot
from aws_iot import ticks_add, ticks_ms


def skip_sleeps():
    """From now on, in all files of aws_iot."""
    slept = [0]

    def sleep_ms(duration_ms):
        slept[0] += duration_ms

    aws_iot.sleep_ms = sleep_ms
    aws_iot.ticks_ms = lambda: ticks_add(ticks_ms(), slept[0])
