"""AWS IoT for MicroPython. A name is loaded, with the file that it is in, when it is first used.

A package's ``__init__`` stays in the heap, and so do thing.py, shadow.py and errors.py; the files beside them are lent:
``aws_iot.mqtt.loss.lost(client, error)`` loads loss.py for that call, and longer while there is plenty of heap. What
stays of a file are its names: of modules, functions and arguments, and each text of up to ten letters. An update has
606 of them; the 621st takes 4.5 KB in one piece (tests/system/test_fota_memory.py).

Here is also what differs between platforms: clock, sockets and JSON as MicroPython has them (for CPython in
_cpython.py, which boards do not carry).
"""

import gc
import sys

__version__ = "0.2.0"

const = int  # mpy-cross folds ``_X = const(n)`` by the name; CPython calls int

_ROOM_BYTES = const(24576)  # less free heap: nothing that is lent stays

BOARD = sys.implementation.name == "micropython"
if BOARD:
    import select
    import socket
    from io import BytesIO  # noqa: F401
    from json import dump, loads  # noqa: F401  loads takes any buffer
    from sys import print_exception  # noqa: F401
    from time import sleep_ms, ticks_add, ticks_diff, ticks_ms  # noqa: F401

TYPE_CHECKING = const(0)
if TYPE_CHECKING:  # for readers' tools: mpy-cross leaves this out
    from umqtt import simple

    from . import (
        boot_trial,
        chance,
        config,
        construct,
        credentials,
        document,
        fota,
        jobs,
        mqtt,
        names,
        own,
        record,
        reserved,
        roots,
        shadow,
        shadow_calls,
        shadow_pending,
        shadow_refused,
        shadow_sync,
        topics,
        web,
        wildcards,
        zerynth,
    )


def __getattr__(name):
    if name == "simple":
        return __import__("umqtt.simple", None, None, ("MQTTClient",))
    if name in ("mqtt", "jobs", "fota", "web", "thing", "shadow", "errors"):
        return __import__("aws_iot." + name, None, None, ("__name__",))  # they stay
    if name.islower() and name != "load":
        return lend(globals(), name)
    file = {"Thing": "thing", "Shadow": "shadow", "MQTTClient": "mqtt", "load": "config"}.get(name, "errors")
    return getattr(__import__("aws_iot." + file, None, None, (name,)), name)


lent = []  # (globals of its package, name) of each lent file that is kept; emptied when the heap is short


def lend(package, name):
    """The file ``name`` of a package (its globals), for one call: what runs once per connection does not stay in a
    board's heap, nor does what flows all the time cost a look into its flash.

    MicroPython reads a .mpy file in some milliseconds and its garbage collector takes it back; CPython keeps it.
    """
    path = package["__name__"] + "." + name
    room = keep()
    try:
        return __import__(path, None, None, (name,))
    except ImportError as error:
        if path in str(error):  # there is no such file
            raise AttributeError(path)
        raise
    finally:
        if BOARD:
            sys.modules.pop(path, None)  # also what an import that found no memory has left
            if room and name in package:
                lent.append((package, name))
            else:
                package.pop(name, None)


def keep(room=_ROOM_BYTES):
    """Whether there is as much free heap; if not, all that was lent is given back to it."""
    if not BOARD or gc.mem_free() >= room:
        return True
    # also before a file comes for one call: the names that stay of each go to the bottom of the heap, and leave no
    # holes between what goes
    gc.collect()
    if gc.mem_free() >= room:
        return True
    while lent:
        package, name = lent.pop()
        package.pop(name, None)
    return False


def method(self, file, name):
    """Function ``name`` of a lent ``file`` as a method of ``self``, if it is in the file's ``__all__``: for calls that
    are made now and then. On CPython, where nothing needs to be lent, _cpython.py makes real methods of them.
    """
    if name not in file.__all__:
        raise AttributeError(name)  # CPython says more
    function = getattr(file, name)
    return lambda *args, **options: function(self, *args, **options)


if not BOARD:  # by names that a board has in its heap anyhow

    def __getattr__(name, load=__getattr__):  # type: ignore[misc]
        from ._cpython import find

        return find(name, load)

    def __dir__():
        from ._cpython import names

        return names
