"""The record of an update: a JSON file that survives power cuts, since it is only ever replaced by a rename.

LittleFS makes that rename atomic; FAT takes the old file away first, and then the new one, which is whole, is read. The
fields that boot.py and the slots use:
    set      the confirmed folder, "a" or "b"; missing: the files that were flashed
    next     the folder (or the label of the partition) on trial, or about to be; ``tries`` counts its boots
    old      the label of the partition to go back to, or to which undo() went back
    undone   why the last trial ended with the old version; ``error`` holds what was raised in it
    job      what is known of the job of the last trial; ``confirmed`` is its id if it ended with the new version
    counter  the highest security counter that was confirmed
"""

import json
import os

# On a computer, which alone has an environment, not in the root of its disk, where two programs would share it.
ROOT = "fota" if hasattr(os, "getenv") else "/fota"
MANIFEST = "/manifest"


def load(root):
    """The record, empty when there is none. What a damage has left of another type than it must have is dropped: no
    record keeps a board from its start.
    """
    return _check(read(root + "/record"))


def read(path):
    """What was written there by replace(); {} when there is nothing, or nothing that is whole."""
    for name in (path, path + ".new"):
        try:
            with open(name) as file:
                record = json.load(file)
        except (OSError, ValueError):
            continue
        if isinstance(record, dict):
            return record
    return {}


def _check(record):
    """``record`` without what is of another type than it must have."""
    for name in list(record):
        kind = dict if name == "job" else int if name in ("tries", "armed", "have", "counter") else str
        if type(record[name]) is not kind and name != "version":  # that is as the program writes it
            del record[name]
    if record.get("set", "a") not in ("a", "b"):
        del record["set"]
    if "next" in record:
        for name in ("tries", "armed"):
            record.setdefault(name, 0)
    return record


def save(root, record):
    """Replace the record in one step."""
    replace(root + "/record", record)


def replace(path, record):
    """Replace the file in one step."""
    if not exists(path) and exists(path + ".new"):  # a cut on FAT; it is the only one until this is done
        os.rename(path + ".new", path)
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
    folders = [path]  # no recursion: a board's stack is small
    while folders:
        path = folders[-1]
        for name in os.listdir(path):
            name = path + "/" + name
            if os.stat(name)[0] & 0x4000:
                folders.append(name)
                break
            os.remove(name)
        else:
            os.rmdir(folders.pop())


def reset():
    """Restart the board; on a PC, which has no machine.reset, end the process: its service manager starts it again."""
    try:
        import machine  # "from machine import" would take memory, of which boot.py's timer may find none

        machine.reset()
    except (ImportError, AttributeError):
        raise SystemExit(1) from None
