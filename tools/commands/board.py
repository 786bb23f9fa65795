"""thing board: a board that this computer plays."""

from __future__ import annotations

import codecs
import io
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..cli import Command, pass_context
from ..errors import ToolError

if TYPE_CHECKING:
    from ..board.played.board import Board
    from ..cli import Context


@click.command(cls=Command)
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path), default=".")
@pass_context
def command(context: Context, folder: Path) -> None:
    """Play a board on this computer, and show what it prints, until Ctrl-C.

    While it runs, `flash`, `logs`, `repl` and the others find it by themselves in FOLDER (by default this one) and
    below, as if it were plugged in. It is a MicroPython with an ESP32's heap and the computer's network; its flash is
    FOLDER/.board/flash, and stays: started again, the board runs what was flashed. Its pins say what is done with them.
    What it cannot be: a radio, partitions, an ESP32's speed.
    """
    if sys.platform == "win32":
        raise ToolError("a board is played where there are ptys and signals: on Linux, macOS, or in Windows's WSL")
    from ..board.played import place
    from ..selftest import interpreter

    out = context.out
    words = io.IncrementalNewlineDecoder(codecs.getincrementaldecoder("utf-8")("replace"), translate=True)

    def printed(data: bytes) -> None:
        if not out.json:
            out.write(words.decode(data))

    def ready(board: Board) -> None:
        text = f"a board runs at {board.port}, its flash is {board.flash}; Ctrl-C ends it"
        out.line({"port": board.port, "flash": str(board.flash)}, text)

    for number in (signal.SIGTERM, signal.SIGHUP):  # as by Ctrl-C: a closed terminal leaves no board behind
        signal.signal(number, signal.default_int_handler)
    place.play(folder, interpreter.of_boards(), printed, ready)
