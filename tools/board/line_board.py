"""One board on a production line: brought from whatever it is to a thing that connects.

What all things have in common is written and read back before the board gets one: so most of what can go wrong costs no
thing, and none is handed out twice. From the moment that its key may be on the board, a thing is that board's alone,
until the key was seen to be gone from it.
"""

from __future__ import annotations

import contextlib
import hashlib
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..errors import ToolError
from ..shapes import Advance, Say
from ..things import boards
from . import checks, flash
from .board import Board

if TYPE_CHECKING:
    from ..things.record import Record
    from .flash import Order

_PLUGGED_S = 5  # from when a port is there to when it can be opened and what is behind it answers
_AGAIN_S = 0.2


@dataclass
class Visit:
    """What became of a board at a port. state: "done", "known" (it was done before) or "failed", with the error and
    what became of its thing."""

    port: str
    state: str = "failed"
    chip: str | None = None
    thing: str | None = None
    seconds: float = 0.0
    error: Exception | None = None
    fate: str = ""


def equip(order: Order, shared: dict[str, bytes], port: str, say: Say) -> Visit:
    """Equip the board at a port; of a failure, too, the Visit tells.

    shared: the files that all things have in common. say(text) is told what board it is, and what is worth a look.
    """
    visit = Visit(port)
    start = time.monotonic()
    try:
        checks.check_endpoint(order.project, port)
        with contextlib.ExitStack() as stack:
            _work(order, shared, _opened(port, stack), visit, say)
    except Exception as error:
        visit.error = error
    visit.seconds = round(time.monotonic() - start, 1)
    return visit


def _opened(port: str, stack: contextlib.ExitStack) -> Board:
    """The board at a port that has just come: its permissions come a little later, and it may still be starting."""
    deadline = time.monotonic() + _PLUGGED_S
    while True:
        try:
            return stack.enter_context(Board(port))
        except ToolError:
            if time.monotonic() > deadline:
                raise
            time.sleep(_AGAIN_S)


def _work(order: Order, shared: dict[str, bytes], board: Board, visit: Visit, say: Say) -> None:
    info = board.info()
    visit.chip = chip = info["chip"]
    if not chip:
        raise ToolError("its firmware tells no id of the chip (machine.unique_id), by which a board is known again")
    say(f"{info['machine']}, MicroPython {'.'.join(map(str, info['version']))}, chip {chip}")
    had = boards.holder(order.project, chip)
    if had and _is_done(order, board, had):
        visit.state, visit.thing = "known", had.name
        board.restart(lambda line: None, lines=0, seconds=0)
        return
    if had:
        say(f"it was {had.name} before, and becomes that again")
    flash.deliver(board, info, shared, order, lambda label: _silent)
    fault = board.set_clock()
    if fault:
        say(f"its {fault}")
    record = boards.assign(order.project, chip)
    visit.thing = record.name
    try:
        _become(order, board, record)
    except Exception:
        visit.fate = _part(order, board, record)
        raise
    boards.note(order.project, record.name, info, ready=True)
    visit.state = "done"


def _is_done(order: Order, board: Board, record: Record) -> bool:
    """Whether a board has what it was given before, and was ready with it."""
    own = {path: hashlib.sha256(data).hexdigest() for path, data in flash.own_files(order.project, record).items()}
    return bool((boards.described(record) or {}).get("ready")) and board.hashes(own) == own


def _become(order: Order, board: Board, record: Record) -> None:
    """Make the board a thing, and follow it until it is connected."""
    board.write(flash.own_files(order.project, record), lambda: None)
    with order.presence(record.name) as watched:
        watched.begin()
        board.restart_until(order.until, lambda line: None, order.wait_s, watched.arrived)


def _part(order: Order, board: Board, record: Record) -> str:
    """Take a thing from a board that failed as it; -> what became of it, in words."""
    names = flash.own_files(order.project, record)
    try:
        board.fresh()
        board.remove(board.hashes([*names, *(f"{name}.new" for name in names)]))
    except ToolError:
        return f"{record.name} stays with this board, which may have its key: plug it in again"
    boards.release(order.project, record.name)
    return f"{record.name} is free again"


@contextlib.contextmanager
def _silent(total: int) -> Iterator[Advance]:
    yield lambda: None
