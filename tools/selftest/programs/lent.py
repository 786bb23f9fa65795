"""How long the flash takes to hand out the library's files that are loaded for one call each."""

import gc
import sys
import time

from base import median, say


def run(names, times=3):
    """``names``: [name below aws_iot, such as "mqtt.loss", and its bytes]; those that are in the heap are left out."""
    from aws_iot import Thing  # noqa: F401

    stay = set(sys.modules)
    found = []
    for name, size in names:
        path = "aws_iot." + name
        if path in stay:
            continue
        took = [load(path, stay) for _ in range(times)]
        if None not in took:
            found.append((median(took), name, size))
    if not found:
        raise OSError("no file of the library could be loaded")
    found.sort()
    say(
        "loaded", files=len(found), median_us=found[len(found) // 2][0], slowest_us=found[-1][0], slowest=found[-1][1],
        us_per_kb=sum([each[0] for each in found]) * 1024 // sum([each[2] for each in found]),
    )  # fmt: skip


def load(path, stay):
    """Microseconds of one import; None for what this board cannot import. Nothing of it stays."""
    gc.collect()
    start = time.ticks_us()
    try:
        __import__(path)
        took = time.ticks_diff(time.ticks_us(), start)
    except ImportError:
        took = None
    for name in list(sys.modules):
        if name.startswith("aws_iot.") and name not in stay:
            del sys.modules[name]
            dot = name.rfind(".")
            parent = sys.modules.get(name[:dot])
            if hasattr(parent, name[dot + 1 :]):
                delattr(parent, name[dot + 1 :])
    return took
