"""Firmware and chip."""

import gc
import os
import sys

from base import say


def run():
    found = {"platform": sys.platform, "heap_bytes": gc.mem_alloc() + gc.mem_free()}
    if hasattr(os, "uname"):
        found["release"] = os.uname().version
    try:
        import machine

        found["timer"] = hasattr(machine, "Timer")
        frequency = machine.freq()
        found["mhz"] = (frequency if isinstance(frequency, int) else frequency[0]) // 1000000
    except (ImportError, AttributeError):
        pass
    try:
        import esp

        found["flash_bytes"] = esp.flash_size()
    except (ImportError, AttributeError):
        pass
    try:
        import esp32

        # (total, free, largest free block, least free ever) of each region: TLS and Wi-Fi live there
        found["idf_largest_bytes"] = max([region[2] for region in esp32.idf_heap_info(esp32.HEAP_DATA)])
    except (ImportError, AttributeError):
        pass
    say("chip", **found)
