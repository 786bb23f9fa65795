"""What a board notes of itself for after a reset: how many there were, and the last exception that ended its program.

A JSON file {"resets", "crashes", "crash"}, only ever replaced by a rename: see record.py. Lent for each.
"""

import aws_iot

from .. import BytesIO
from ..record import read, replace

const = int  # mpy-cross folds ``_X = const(n)`` by the name; CPython calls int

_CRASH_CHARS = const(500)


def begin(path):
    """The note in the file ``path``, with this reset counted in it; {} without one, or if the flash takes nothing."""
    if path is None:
        return {}
    note = load(path)
    note["resets"] = note.get("resets", 0) + 1
    return note if save(path, note) else {}


def crash(note, path, error):
    """Note the exception that ends the program: the end of its traceback. What goes wrong here ends nothing else."""
    try:
        note["crashes"] = note.get("crashes", 0) + 1
        note["crash"] = text(error)[-_CRASH_CHARS:]
        if path is not None:
            save(path, note)
    except Exception:
        pass  # no memory: the exception itself goes on


def text(error):
    """The traceback of an exception."""
    stream = BytesIO()
    aws_iot.print_exception(error, stream)
    return str(stream.getvalue(), "utf-8")


def load(path):
    """What the file holds; what a damage has left of another type is dropped."""
    note = read(path)
    kinds = (("resets", int), ("crashes", int), ("crash", str))
    return {name: note[name] for name, kind in kinds if type(note.get(name)) is kind}


def save(path, note):
    """Replace the file in one step; -> whether that was done."""
    try:
        replace(path, note)
        return True
    except OSError:
        return False
