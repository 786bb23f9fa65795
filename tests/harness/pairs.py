"""Which MicroPython meets which umqtt.simple: as firmware has them together.

Everything runs on Debian stable's MicroPython, which does not change under the tests by itself, with the umqtt.simple
of its firmware. What depends on either runs beside it on the other pairs, and `make matrix` runs everything on each.
A release that no registry carries an interpreter of is played: its umqtt.simple, on the nearest interpreter.
"""

import functools
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from aws_iot_tools.dev import micropython
from aws_iot_tools.selftest import interpreter

from . import umqtt_versions
from .runtimes import RUNTIMES, Runtime


@dataclass(frozen=True)
class Pair:
    """An interpreter with the umqtt.simple of the firmware that it stands for ("1.27, 1.28")."""

    firmware: str
    bits: int
    umqtt: str
    interpreter: Path
    played: bool = False  # the interpreter is of another release
    third_party: bool = False
    given: bool = False  # by the user

    @property
    def run_on(self) -> str:
        """The interpreter's version, and what else is to be said of it."""
        marks = {"third party": self.third_party, "played": self.played, "given": self.given}
        return ", ".join([interpreter.version(self.interpreter), *(mark for mark, holds in marks.items() if holds)])

    @property
    def runtime(self) -> Runtime:
        return Runtime(f"mp{self.bits}", self.umqtt, self.interpreter)

    def environment(self) -> dict:
        """Of a process that runs tests on this pair as what everything runs on."""
        return {**os.environ, "UMQTT": self.umqtt, interpreter.VARIABLE[self.bits]: str(self.interpreter)}


def alone() -> bool:
    """Whether the user names an interpreter or a umqtt.simple: then nothing runs beside it."""
    return interpreter.given() or bool(os.environ.get("UMQTT"))


@functools.cache
def pairs() -> tuple:
    """All of them, oldest first; when the user names interpreters, those."""
    return tuple(_given() if interpreter.given() else _all())


def _given() -> Iterator[Pair]:
    for bits, variable in interpreter.VARIABLE.items():
        if os.environ.get(variable):
            path = interpreter.found(bits)
            release = ".".join(map(str, _release(path)))
            yield Pair(release, bits, umqtt_versions.chosen(bits), path, given=True)


def _all() -> Iterator[Pair]:
    """One for each word size and release, those that differ in nothing but the release as one."""
    merged = {}
    for release in umqtt_versions.OF_FIRMWARE:
        for bits in (64, 32):
            if release >= interpreter.OLDEST:
                key = bits, umqtt_versions.OF_FIRMWARE[release], *_interpreter(release, bits)
                merged.setdefault(key, []).append(".".join(map(str, release)))
    for key, releases in merged.items():
        yield Pair(", ".join(releases), *key)


def _interpreter(release: tuple, bits: int) -> tuple:
    """The nearest one, whether it is of another release, whether it is a third party's."""
    third_party = {interpreter.found(bits): False}
    for source in micropython.BESIDE:
        if bits in source.bits and not source.absence():
            third_party[source.path(bits)] = source.third_party
    path = min(third_party, key=lambda path: abs(_release(path)[1] - release[1]))
    return path, _release(path) != release, third_party[path]


def _release(path: Path) -> tuple:
    return tuple(map(int, interpreter.version(path).split(".")[:2]))


@functools.cache
def beside() -> tuple:
    """The runtimes that `make test` has besides RUNTIMES: each other interpreter with the umqtt.simple of its firmware,
    and the versions of umqtt.simple that only played releases have, on 32 bit as boards.
    """
    if alone():
        return ()
    real = [pair for pair in pairs() if not pair.played]
    carried = {pair.umqtt for pair in real}
    played = [pair for pair in pairs() if pair.bits == 32 and pair.umqtt not in carried]
    main = [RUNTIMES[name].interpreter for name in ("mp64", "mp32")]
    return tuple(pair.runtime for pair in (*(pair for pair in real if pair.interpreter not in main), *played))


def described() -> list:
    """What the tests run on, in words, one line for each."""
    runs = [RUNTIMES["mp64"], RUNTIMES["mp32"]]
    lines = [f"runs on CPython {sys.version.split()[0]}, umqtt.simple {RUNTIMES['cpython'].umqtt_version}"]
    lines += [f"runs on {_words(runtime)}" for runtime in runs]
    lines += [f"beside: {_words(runtime)}" for runtime in beside()]
    for source in () if alone() else micropython.BESIDE:
        if source.absence():
            lines.append(f"not on MicroPython {'.'.join(map(str, source.seen))}: {source.absence()}")
    return lines


def _words(runtime: Runtime) -> str:
    third_party = any(runtime.interpreter == source.path(64) for source in micropython.BESIDE if source.third_party)
    version = interpreter.version(runtime.interpreter) + (" (a third party's build)" if third_party else "")
    return f"MicroPython {version}, {runtime.bits} bit, umqtt.simple {runtime.umqtt_version}"
