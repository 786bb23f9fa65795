"""A bench with ports, and who sits at it: plugs make-believe boards in and takes them off as a production line says."""

import collections
import json
from contextlib import ExitStack
from pathlib import Path

from aws_iot_tools.board import flash

from .board import Board
from .board_tty import Tty

_MACHINE = "def unique_id():\n    return {!r}\n"


def chip(number: int) -> str:
    """The id of the chip of a board: six bytes, as the ESP32's MAC address is."""
    return f"7cdfa1{number:06x}"


class LineBoard:
    """A board that tells the id of its chip, switched on while it is plugged in; its flash outlives that.

    machine.py stands in for machine.unique_id() (https://docs.micropython.org/en/latest/library/machine.html), which
    MicroPython's unix port lacks. library: whether it has the library already, as one of an earlier batch.
    """

    def __init__(self, folder: Path, number: int, library: bool = False, wifi: Path | None = None) -> None:
        self.chip = chip(number)
        self.flash, self._firmware = folder / f"board{number}", folder / f"firmware{number}"
        self._firmware.mkdir(parents=True)
        (self._firmware / "machine.py").write_text(_MACHINE.format(bytes.fromhex(self.chip)))
        if wifi:
            (self._firmware / "network.py").write_bytes((wifi / "network.py").read_bytes())
        for path, data in flash.library("lib", True).items() if library else ():
            (self.flash / path).parent.mkdir(parents=True, exist_ok=True)
            (self.flash / path).write_bytes(data)

    def switched_on(self) -> Board:
        return Board(self.flash, self._firmware)

    @property
    def thing(self) -> str | None:
        """What it would connect as."""
        path = self.flash / "thing.conf.json"
        return json.loads(path.read_text())["thingname"] if path.exists() else None


class Place:
    """One port of the bench, a path, and the board that is plugged in there."""

    def __init__(self, port: Path) -> None:
        self.port, self._path = str(port), port
        self._held = ExitStack()  # for ever, so that no two plugs look the same
        self._stack = None
        self.board = None

    def plug(self, board: LineBoard) -> None:
        self._stack = ExitStack()
        self.board = self._stack.enter_context(board.switched_on())
        self._tty = self._held.enter_context(Tty(self.board, self._path))

    def unplug(self) -> None:
        if self._stack:
            self._tty.unplug()
            self._stack.close()
            self._stack = self.board = None

    def close(self) -> None:
        self.unplug()
        self._held.close()


class Bench:
    """A folder of ports; a context manager that takes off all boards at its end."""

    def __init__(self, folder: Path, ports: int) -> None:
        folder.mkdir()
        self.places = [Place(folder / f"port{number}") for number in range(ports)]

    def __enter__(self):
        return self

    def __exit__(self, *_) -> None:
        for place in self.places:
            place.close()

    def produce(self, process, boards, ends=lambda told: False) -> list:
        """Plug the boards in, one after the other at whatever port is free, until the line ends or ends(told); -> what
        it told. process: `thing --json flash --line`, whose standard output is read."""
        waiting, told = collections.deque(boards), []
        places = {place.port: place for place in self.places}
        for place in self.places:
            if waiting:
                place.plug(waiting.popleft())
        for text in process.stdout:
            told.append(json.loads(text))
            place = places[told[-1]["port"]]
            place.unplug()
            if waiting:
                place.plug(waiting.popleft())
            if ends(told):
                break
        return told
