"""An update of the application's files from one set to the next, with power cuts: the old or the new runs, whole.

A cut is the end of qemu: at a chosen access to the flash, half of which is done, or by SIGKILL soon after one. The
board is then switched on again with the same flash. The job ends with the truth.
"""

import hashlib
import json
import queue
import random
import select
import threading
import time
from pathlib import Path

from aws_iot_tools.board.board import Board
from aws_iot_tools.fota import firmware

from tests.harness import program

from .firmware import Firmware
from .heap import deploy
from .machine import Machine
from .rows import Row

TITLE = "FOTA into a FileSlot, with power cuts"
NOTE = "The power fails once in each update: in flash accesses evenly over it, then by SIGKILL after random ones."
_MAIN = b"from aws_iot.boot import run\n\nrun('app')\n"
_APP = "import cloud\n\ncloud.run(%r, __file__)\n"
_SIZES = {"part.txt": 9000, "lib/deep.txt": 300, "lib/data/more.txt": 5000}
_CUTS, _KILLS, _BOARDS = 60, 20, 2
_STARTS = 12
_LIFE_S = 300


def run(machine: Machine, built: Firmware, folder: Path) -> list:
    """machine: a board that was flashed. -> rows"""
    first, document = _prepare(machine, folder)
    _Update(machine, first).undisturbed()
    whole = _Update(machine.copy(folder / "whole.flash"), document)
    accesses = whole.undisturbed()
    cuts = [("access", place) for place in _spread(_places(accesses))]
    kills = [("moment", place) for place in random.Random(1).sample(_places(accesses), _KILLS)]
    outcomes = _all(machine, folder, document, cuts + kills)
    return [
        Row("2.0.0 to 3.0.0 without a cut", "SUCCEEDED, 3.0.0", f"{', '.join(whole.outcome)}; {sum(accesses)} accesses",
            whole.outcome == ("SUCCEEDED", "3.0.0")),
        _row("the power fails in a flash access, half of it done", [outcomes[cut] for cut in cuts]),
        _row("SIGKILL after a flash access", [outcomes[kill] for kill in kills]),
    ]  # fmt: skip


def _prepare(machine: Machine, folder: Path) -> list:
    """The application 1.0.0 into the flash, 2.0.0, 3.0.0 and the stand-ins into ROMFS. -> the job documents of those"""
    rom = folder / "power-rom"
    rom.mkdir()
    documents = []
    for version in ("2.0.0", "3.0.0"):
        files = {name: version[:1].encode() * size for name, size in _SIZES.items()}
        image = firmware.bundle({**files, "app.py": (_APP % version).encode()}, version)
        (rom / version).write_bytes(image)
        digest = hashlib.sha256(image).hexdigest()
        about = {"version": version, "size": len(image), "sha256": digest, "url": "https://host/image"}
        documents.append({"operation": "fota", **about})
    (rom / "sizes.json").write_text(json.dumps(_SIZES))
    for path in (program("qemu", "cloud"), program("system", "offline")):
        (rom / path.name).write_bytes(path.read_bytes())
    port = machine.serve()
    deploy(port, rom)
    with Board(port) as board:
        board.write({"/main.py": _MAIN, "/app.py": (_APP % "1.0.0").encode()}, lambda: None)
    machine.kill()
    return documents


def _places(accesses: list) -> list:
    """Where a cut can be: (life of the board, number of the access in it)."""
    return [(life, number) for life, count in enumerate(accesses) for number in range(1, count + 1)]


def _spread(places: list) -> list:
    return [places[len(places) * index // _CUTS] for index in range(_CUTS)]


class _Update:
    """One update of one board: the job's state in the cloud, and the versions that were seen."""

    def __init__(self, machine: Machine, document: dict) -> None:
        self.machine, self.document = machine, document
        self.status, self.reason, self.versions, self.cut = "QUEUED", None, [], False

    @property
    def outcome(self) -> tuple:
        """What the cloud was told, and the version that ran last."""
        return self.status, self.versions[-1]

    def undisturbed(self) -> list:
        """-> how often the flash was accessed in each life"""
        accesses = []
        while self.status in ("QUEUED", "IN_PROGRESS") and len(accesses) < _STARTS:
            self._live()
            accesses.append(self.machine.accesses)
        return accesses

    def disturbed(self, kind: str, place: tuple) -> str | None:
        """Go through an update in which the power fails once; -> what is wrong, None when nothing is."""
        ended = False
        for life in range(_STARTS):
            number = place[1] if place[0] == life else 0
            ended = self._live(cut=number) if kind == "access" else self._live(kill=number)
            if ended and self.cut:
                break
        else:
            return f"{_STARTS} starts: {self.versions}, job {self.status}"
        self._live()
        if self.outcome not in (("SUCCEEDED", "3.0.0"), ("FAILED", "2.0.0")) or "1.0.0" in self.versions:
            return f"{self.versions}, job {self.status} ({self.reason})"
        return None

    def _live(self, cut: int = 0, kill: int = 0) -> bool:
        """One life of the board; -> whether its program came to its end. RuntimeError when it says what it never may.

        cut: the access to the flash at which the power fails; kill: the one after which the board is killed, soon.
        """
        process = self.machine.start(cut=cut)
        deadline = time.monotonic() + _LIFE_S
        printed, ended = b"", False
        while not ended and time.monotonic() < deadline:
            if kill and self.machine.accesses >= kill:
                self.cut = True
                break
            if not select.select([process.stdout], [], [], 0.001 if kill else 1)[0]:
                continue
            data = process.stdout.read1(4096)
            if not data:  # the end of qemu: a reset, or no power
                self.cut = self.cut or 0 < cut == self.machine.accesses
                break
            *lines, printed = (printed + data).split(b"\n")
            for line in lines:
                ended = self._take(process, line.strip().decode(errors="replace")) or ended
        self.machine.kill()
        return ended

    def _take(self, process, line: str) -> bool:
        if "Traceback" in line or "Error" in line:
            raise RuntimeError(f"after {self.versions}: {line}")
        if not line.startswith("{"):
            return False
        event = json.loads(line)
        if event["event"] == "boot":
            self.versions.append(event["version"])
            if not event["whole"]:
                raise RuntimeError(f"a set that is not whole: {self.versions}")
        elif event["event"] == "describe":
            job = {"id": f"to {self.document['version']}", "status": self.status, "document": self.document}
            self._answer(process, job)
        elif event["event"] == "update":
            self.status, self.reason = event["status"], (event["details"] or {}).get("reason")
            self._answer(process, {"accepted": True})
        return event["event"] == "end"

    @staticmethod
    def _answer(process, answer: dict) -> None:
        process.stdin.write(json.dumps(answer).encode() + b"\r")
        process.stdin.flush()


def _all(machine: Machine, folder: Path, document: dict, places: list) -> dict:
    """Each update on a board of its own, some side by side. -> {place: what is wrong with it, or None}"""
    waiting, outcomes = queue.SimpleQueue(), {}
    for item in enumerate(places):
        waiting.put(item)

    def work():
        while True:
            try:
                number, place = waiting.get_nowait()
            except queue.Empty:
                return
            flash = folder / f"power{number}.flash"
            with machine.copy(flash) as board:
                try:
                    outcomes[place] = _Update(board, document).disturbed(*place)
                except (RuntimeError, OSError) as error:
                    outcomes[place] = str(error)
            flash.unlink()

    threads = [threading.Thread(target=work) for _ in range(_BOARDS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes


def _row(what: str, outcomes: list) -> Row:
    wrong = [outcome for outcome in outcomes if outcome]
    seen = f"{len(outcomes) - len(wrong)} of {len(outcomes)}"
    return Row(what, "old or new, whole; a true job", "; ".join([seen, *wrong[:3]]), not wrong)
