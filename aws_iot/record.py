"""The record of an update: a JSON file that survives power cuts, since it is only ever replaced by a rename.

LittleFS makes that rename atomic. The fields that boot.py and the slots use:
    set      the confirmed folder, "a" or "b"; missing: the files that were flashed
    next     the folder (or the label of the partition) on trial, or about to be; ``tries`` counts its boots
    old      the label of the partition to go back to, or to which undo() went back
    undone   why the last trial ended with the old version; ``error`` holds what was raised in it
    job      what is known of the job of the last trial; ``confirmed`` is its id if it ended with the new version
"""

import json
import os

ROOT = "/fota"
MANIFEST = "/manifest"


def load(root):
    """The record, empty when there is none."""
    try:
        with open(root + "/record") as file:
            record = json.load(file)
        return record if isinstance(record, dict) else {}
    except (OSError, ValueError):
        return {}


def save(root, record):
    """Replace the record in one step."""
    path = root + "/record"
    with open(path + ".new", "w") as file:
        json.dump(record, file)
        sync(file)
    os.rename(path + ".new", path)


def sync(file):
    """Bring what was written to ``file`` to the flash."""
    file.flush()
    if hasattr(os, "fsync"):  # CPython; MicroPython's flush does it
        os.fsync(file.fileno())


def undo(record, why):
    """Take the trial out of ``record``: the old version is in force again."""
    record.pop("next", None)
    record.pop("tries", None)
    record["undone"] = why + ": " + record["error"] if record.get("error") else why


def exists(path):
    """True if there is a file or folder at ``path``."""
    try:
        os.stat(path)
        return True
    except OSError:
        return False


def remove(path):
    """Remove a folder and all that is in it."""
    if exists(path + MANIFEST):  # what makes it a set goes first
        os.remove(path + MANIFEST)
    for name in os.listdir(path):
        name = path + "/" + name
        if os.stat(name)[0] & 0x4000:
            remove(name)
        else:
            os.remove(name)
    os.rmdir(path)


def reset():
    """Restart the board; on a PC, which has no machine.reset, end the process: its service manager starts it again."""
    try:
        import machine  # "from machine import" would take memory, of which boot.py's timer may find none

        machine.reset()
    except (ImportError, AttributeError):
        raise SystemExit(1) from None
