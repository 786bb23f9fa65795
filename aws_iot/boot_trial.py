"""The part of boot.py for a version on trial: is it to be tried, what of it when it raises, and its time limit.

Lent, and held by boot.run() until the trial ends: from before sys.path changes on, so that it is of the library that
was flashed, whatever the version on trial brings.
"""

import sys

import aws_iot

from .record import MANIFEST, exists, load, remove, reset, save, undo


def choose(root, attempts):
    """Count this boot if it is one of a trial, end a trial that has used up its ``attempts``; -> record, on trial."""
    record = load(root)
    name = record.get("next")
    if "old" in record:  # a partition, which the boot loader chose
        from esp32 import Partition

        if Partition(Partition.RUNNING).info()[4] != name:
            try:
                # the boot loader takes the version that undo() went back to for a new one, too
                Partition.mark_app_valid_cancel_rollback()
            except OSError:
                pass  # firmware without rollback
            return record, False
    elif not name:
        return record, False
    elif record["tries"] >= attempts or not exists(root + "/" + name + MANIFEST):
        undo(record, "not confirmed in %d boots" % record["tries"])
        _save(root, record, name)
        return record, False
    record["tries"] += 1
    return record, _save(root, record, name)


def _save(root, record, name):
    """save(), where a full flash keeps no application from its start: set ``name`` on trial then makes room; -> False.

    The new version may have filled the flash. A partition stays on trial: the boot loader takes it back by itself.
    """
    try:
        save(root, record)
    except OSError:
        if "old" in record:
            return True
        if "next" in record:
            undo(record, "no space on the flash")
        try:
            remove(root + "/" + name)
            save(root, record)
        except OSError:
            pass  # a set without its manifest is not started again
        return False
    return True


def run(module, root, name, attempts, trial_s, timer):
    """Import ``module`` of the version ``name`` on trial; one that raises is blamed, and the board restarted."""
    try:
        _limit(root, name, attempts, trial_s, timer)
        place = root + "/" + name
        if sys.path[0] == place and not _has(place, module):
            # the files that were flashed would run in its place, and confirm
            raise ImportError("the new version has no %s" % module)
        __import__(module)
    except Exception as error:
        _blame(root, name, "%s: %s" % (type(error).__name__, error))
        try:
            aws_iot.print_exception(error)  # which the job is not told in full
        finally:
            reset()


def _has(folder, module):
    path = folder + "/" + module.replace(".", "/")
    return any([exists(path + end) for end in (".mpy", ".py", "/__init__.mpy", "/__init__.py")])


def _blame(root, name, error, tries=None):
    """Note the ``error`` of version ``name``; False when it is no longer on trial.

    It may have been confirmed meanwhile, and another one may wait for its own trial.
    """
    # A full flash or heap must not keep the caller from the reset: the record then stays as it is, and the trial ends
    # by its count of boots. No tuple of errors here, which would take memory.
    try:
        record = load(root)
        if record.get("next") != name:
            return False
        record["error"] = error[:200]
        if tries is not None:
            record["tries"] = tries
        save(root, record)
    except Exception:
        pass
    return True


def _limit(root, name, attempts, trial_s, timer):
    try:
        from machine import Timer
    except ImportError:
        return  # no timer here (a PC): Fota's own deadline or the service manager ends the trial

    why = "not confirmed in %d s" % trial_s  # made now: the heap may be full then

    def over(_):
        if _blame(root, name, why, attempts):
            reset()

    options = {"mode": Timer.ONE_SHOT, "period": trial_s * 1000, "callback": over}
    try:
        Timer(timer, **options)
    except ValueError:
        Timer(-1, **options)  # rp2 has only timers without a number
