"""The doctor's stages that run on the board, through its raw REPL, with the library that is on it."""

from __future__ import annotations

import ast
import hashlib
import time
from typing import TYPE_CHECKING, Any

from . import doctor, flash
from .doctor import Sick

if TYPE_CHECKING:
    from ..things.project import Project
    from .board import Board
    from .doctor import Tell

_MARK = "doctor:"
# Each stage is one call over the line; its last line of output is the mark and a repr().
_IMPORTS = """
import gc
gc.collect()
from aws_iot import Thing
gc.collect()
print('doctor:' + repr(gc.mem_free()))
"""
_CLOCK = """
import time
print('doctor:' + repr(tuple(time.gmtime()[:6])))
"""
_NETWORK = """
import time
r = None
try:
    import helpers
    w = helpers.Wifi()
    s = time.ticks_ms()
    while not w.poll():
        if time.ticks_diff(time.ticks_ms(), s) > 30000:
            r = 'not within 30 s'
            break
        time.sleep_ms(100)
except (ImportError, AttributeError):  # the project joins in a way of its own
    pass
except Exception as e:
    r = repr(e)
print('doctor:' + repr(r))
"""
_DNS = """
import socket
try:
    socket.getaddrinfo(%r, %d)
    r = None
except Exception as e:
    r = repr(e)
print('doctor:' + repr(r))
"""
_CONNECT = """
t = Thing.from_config('/thing.conf.json')
try:
    t.connect()
    r = None
except Exception as e:
    r = str(e)
print('doctor:' + repr(r))
"""
_SHADOW = """
from aws_iot import Rejected
try:
    t.request('$aws/things/' + t.thingname + '/shadow/get')
    r = ('accepted', True)
except Rejected as e:
    r = ('rejected: ' + str(e.message), e.code == 404)
except Exception as e:
    r = (str(e), False)
try:
    t.disconnect()
except Exception:
    pass
print('doctor:' + repr(r))
"""
_ANSWER_S = 60


def examine(board: Board, project: Project, report: Tell) -> bool:
    """Run the stages on a board; report(stage, ok, text) after each; -> True when all is well."""
    patient = _Patient(board, project)
    stages = (
        ("board: files", patient.files), ("board: library", patient.library), ("board: clock", patient.clock),
        ("board: network", patient.network), ("board: DNS", patient.dns), ("board: connect", patient.connect),
        ("board: shadow", patient.shadow),
    )  # fmt: skip
    return doctor.run(stages, report)


class _Patient:
    def __init__(self, board: Board, project: Project) -> None:
        self.board, self.project = board, project
        self.config = project.config()

    def files(self) -> str:
        mine = flash.project_files(self.project)
        there = self.board.hashes(mine)
        wrong = [path for path, data in mine.items() if there.get(path) != hashlib.sha256(data).hexdigest()]
        if wrong:
            raise Sick(f"{', '.join(wrong)}: missing or not the project's: `thing flash` brings them up to date")
        return f"{len(mine)} files are the project's"

    def library(self) -> str:
        return f"{self._ask(_IMPORTS) // 1024} KB of heap free"

    def clock(self) -> str:
        told = time.mktime((*self._ask(_CLOCK), 0, 0, 0))
        off = abs(told - time.mktime((*time.gmtime()[:6], 0, 0, 0)))
        if off > 86400:
            raise Sick(
                f"it is {off / 86400:.0f} days off, and TLS refuses certificates of another time: `thing flash` sets "
                "it, helpers.Wifi in main.py sets it after each power-up"
            )
        return f"{off:.0f} s off"

    def network(self) -> str:
        error = self._ask(_NETWORK)
        if error:
            raise Sick(f"the board is not online ({error}): are ssid and password in wifi.json right?")
        return "online"

    def dns(self) -> str:
        host = self.config["endpoint"]
        error = self._ask(_DNS % (host, self.config.get("port") or doctor.PORT))
        if error:
            raise Sick(f"the board cannot resolve {host} ({error}): does its network have a DNS server?")
        return host

    def connect(self) -> str:
        error = self._ask(_CONNECT)
        if error:
            raise Sick(error)  # the library's own words for the likely cause
        return "TLS and CONNECT accepted"

    def shadow(self) -> str:
        answer, well = self._ask(_SHADOW)
        if not well:
            raise Sick(f"the shadow's answer: {answer}")
        return f"subscribed, published, answer {answer}"

    def _ask(self, code: str) -> Any:
        lines = self.board.run(code, timeout_s=_ANSWER_S).splitlines()
        return ast.literal_eval(lines[-1].partition(_MARK)[2])
