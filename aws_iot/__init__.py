"""AWS IoT for MicroPython. A name is loaded, with the file that it is in, when it is first used."""

import gc
import sys

__version__ = "0.1.0"

const = int  # mpy-cross folds ``_X = const(n)`` by the name; CPython calls int

_ROOM_BYTES = const(24576)


def __getattr__(name):
    file = {"Thing": "thing", "Shadow": "shadow", "MQTTClient": "mqtt", "load": "config"}.get(name, "errors")
    if name.islower() and name != "load":
        return __import__("aws_iot." + name, None, None, (name,))  # from aws_iot import jobs
    return getattr(__import__("aws_iot." + file, None, None, (file,)), name)


def borrow(name):
    """The module ``aws_iot.name``, for one call: what runs once per connection does not stay in a board's heap.

    MicroPython reads a .mpy file in some milliseconds and its garbage collector takes it back; CPython keeps it.
    """
    path = "aws_iot." + name
    if sys.implementation.name != "micropython":
        return __import__(path, None, None, (name,))
    if gc.mem_free() < _ROOM_BYTES:
        # the names that stay of each module go to the bottom of the heap, and leave no holes between what goes
        gc.collect()
    try:
        return __import__(path, None, None, (name,))
    finally:
        sys.modules.pop(path, None)  # also what an import that found no memory has left
        globals().pop(name, None)


def method(self, file, name):
    """Function ``name`` of a borrowed file as a method of ``self``: for calls that are made now and then."""
    function = getattr(borrow(file), name)
    return lambda *args, **options: function(self, *args, **options)
