"""What runs before the application: the set of files in force, a new one on trial, the old one again when that fails.

It stays in the heap, so it is small: what a version on trial needs is in boot_trial.py. In the board's main.py, which
no update replaces:

    from aws_iot.boot import run
    run("app")
"""

import gc
import sys

import aws_iot

from .record import ROOT, exists, load

const = int  # mpy-cross folds ``_X = const(n)`` by the name; CPython calls int

# Collected only when full, a small heap ends as many holes between what stays: 40 KB free, and none of them 3 KB long.
_COLLECT_BYTES = const(8192)


def run(module="app", root=ROOT, attempts=3, trial_s=600, timer=0):
    """Import ``module`` from the files in force; a new version that raises or hangs is tried ``attempts`` times.

    ``root``: that of the slot, by default /fota; on a computer fota, where the program is started.
    ``trial_s``: how long a new version may take to confirm before machine.Timer number ``timer`` resets the board. The
    application may have that timer when no version is on trial.
    """
    if hasattr(gc, "threshold"):  # not on CPython
        gc.threshold(_COLLECT_BYTES)
    record, on_trial = load(root), False
    if "next" in record or "old" in record:
        trial = aws_iot.boot_trial
        record, on_trial = trial.choose(root, attempts)
    name = record.get("set") if "old" in record or not on_trial else record["next"]
    if name:
        folder = root + "/" + name
        sys.path.insert(0, folder)
        if exists(folder + "/aws_iot"):  # the set brings its own library
            for loaded in list(sys.modules):
                if loaded.split(".")[0] == "aws_iot":
                    del sys.modules[loaded]
    if on_trial:
        trial.run(module, root, record["next"], attempts, trial_s, timer)
    else:
        __import__(module)
