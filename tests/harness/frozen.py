"""What umqtt.simple takes of the heap here, beyond that of the version with which the tests' limits were found: on the
board that is played, firmware has it frozen in, and it takes none."""

import functools
import re

from . import program, umqtt_versions
from .runtimes import Runtime, run_script

_FOUND_WITH = "1.6.0"


@functools.cache
def _taken(version: str) -> tuple[int, int]:
    """(bytes of heap, names) of the module, on 32 bit."""
    done = run_script(Runtime("mp32", version), program("harness", "umqtt_taken"), heap="512k")
    assert not done.returncode, done.stderr
    return int(done.stdout.split()[0]), int(re.search(r"n_qstr=(\d+)", done.stdout)[1])


def _beyond(index: int) -> int:
    version = umqtt_versions.chosen(32)
    return 0 if version == _FOUND_WITH else max(0, _taken(version)[index] - _taken(_FOUND_WITH)[index])


def heap(kilobytes: int) -> str:
    """A heap as interpreters take it, in which the program has as much as with that umqtt.simple."""
    return str(kilobytes * 1024 + _beyond(0))


def names() -> int:
    """How many more names there are."""
    return _beyond(1)
