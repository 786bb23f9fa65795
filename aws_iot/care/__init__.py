"""What tells of a board that is far away: its health, why it fell, what it prints. Only loaded when used; each file is
lent.
"""

import aws_iot

const = int  # mpy-cross folds ``_X = const(n)`` by the name; CPython calls int

TYPE_CHECKING = const(0)
if TYPE_CHECKING:  # for readers' tools: mpy-cross leaves this out
    from . import (
        health,
        log,
        note,
        own,
        vitals,
    )


def __getattr__(name):
    return aws_iot.lend(globals(), name)


def find(thing, name):
    """The method ``name`` of a Thing."""
    return aws_iot.method(thing, aws_iot.care.own, name)
