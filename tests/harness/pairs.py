"""Which MicroPython meets which umqtt.simple: as firmware has them together.

Everything runs on Debian stable's MicroPython, which does not change under the tests by itself, with the umqtt.simple
of its firmware. What depends on either runs beside it on each other interpreter with the umqtt.simple of its firmware,
and on those versions of umqtt.simple that none of them has in its firmware, with the nearest interpreter.
"""

import functools
import os
import sys

from aws_iot_tools import micropython

from . import umqtt_versions
from .runtimes import RUNTIMES, Runtime

_OLDEST = (1, 23)


def alone() -> bool:
    """Whether the user names an interpreter or a umqtt.simple: then nothing runs beside it."""
    return micropython.given() or bool(os.environ.get("UMQTT"))


@functools.cache
def beside() -> tuple:
    """The runtimes besides RUNTIMES."""
    if alone():
        return ()
    found = [
        Runtime(f"mp{bits}", umqtt_versions.of(micropython.version(source.path(bits))), source.path(bits))
        for source in micropython.BESIDE
        if not source.absence()
        for bits in source.bits
    ]
    return (*found, *_played(found))


def _played(found: list) -> list:
    """The other versions of umqtt.simple, on 32 bit, as boards have."""
    on_32_bit = [RUNTIMES["mp32"], *(runtime for runtime in found if runtime.bits == 32)]
    carried = {runtime.umqtt_version for runtime in (*on_32_bit, *found)}
    return [
        Runtime("mp32", version, _nearest(release, on_32_bit).interpreter)
        for version, release in sorted(_newest_firmware().items())
        if version not in carried and release >= _OLDEST
    ]


def _newest_firmware() -> dict:
    """umqtt.simple's version -> the newest MicroPython whose firmware has it."""
    return {version: release for release, version in sorted(umqtt_versions.OF_FIRMWARE.items())}


def _nearest(release: tuple, runtimes: list) -> Runtime:
    def distance(runtime):
        return abs(_release(runtime)[1] - release[1])

    return min(runtimes, key=distance)


def _release(runtime: Runtime) -> tuple:
    return tuple(map(int, micropython.version(runtime.interpreter).split(".")[:2]))


def described() -> list:
    """What the tests run on, in words, one line for each."""
    lines = [f"runs on CPython {sys.version.split()[0]}, umqtt.simple {RUNTIMES['cpython'].umqtt_version}"]
    lines += [f"runs on {_words(RUNTIMES[name])}" for name in ("mp64", "mp32")]
    lines += [f"beside: {_words(runtime)}" for runtime in beside()]
    for source in () if alone() else micropython.BESIDE:
        if source.absence():
            lines.append(f"not on MicroPython {'.'.join(map(str, source.seen))}: {source.absence()}")
    return lines


def _words(runtime: Runtime) -> str:
    third_party = any(runtime.interpreter == source.path(64) for source in micropython.BESIDE if source.third_party)
    version = micropython.version(runtime.interpreter) + (" (a third party's build)" if third_party else "")
    return f"MicroPython {version}, {runtime.bits} bit, umqtt.simple {runtime.umqtt_version}"
