"""What a run made in the account, written down before it is made, so that it is deleted after any end of the run.

<state folder>/.selftests/selftest-<number>/ledger.json   what is there, oldest first
<state folder>/.selftests/selftest-<number>/.lock         held while its run is at work
"""

from __future__ import annotations

import contextlib
import shutil
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from .. import journal
from ..errors import ToolError
from ..shapes import Json

_FOLDER = ".selftests"  # beside the journals of things, one of which has the run's name

Entry = list[Any]  # kind, name, details
Removers = dict[str, Callable[[str, Json], object]]  # of each kind: how it is deleted


class Ledger:
    """The resources of one run: note() before each is made, clean() deletes them, newest first."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.name = folder.name
        self._path = folder / "ledger.json"

    @property
    def entries(self) -> list[Entry]:
        """[[kind, name, details]], oldest first."""
        return journal.read_json(self._path)["entries"] if self._path.exists() else []

    def note(self, kind: str, name: str, **details: Any) -> str:
        """Write down what is about to be made; -> its name."""
        self._write([*self.entries, [kind, name, details]])
        return name

    def has(self, kind: str) -> bool:
        return any(entry[0] == kind for entry in self.entries)

    def clean(self, removers: Removers) -> list[tuple[Entry, Exception]]:
        """Delete all, by kind with removers[kind](name, details); -> [(entry, error)] of what is still there."""
        failures = []
        for entry in reversed(self.entries):
            kind, name, details = entry
            try:
                removers[kind](name, details)
            except Exception as error:  # the others can still be deleted
                failures.append((entry, error))
                continue
            self._write([other for other in self.entries if other != entry])
        if not failures:
            shutil.rmtree(self.folder, ignore_errors=True)
        return failures

    def _write(self, entries: list[Entry]) -> None:
        journal.write_json(self._path, {"entries": entries})


@contextlib.contextmanager
def opened(place: Path) -> Iterator[Ledger]:
    """The ledger of a new run, locked as long as that is at work."""
    folder = place / _FOLDER / f"selftest-{uuid.uuid4().hex[:8]}"
    folder.mkdir(parents=True, mode=0o700)
    with journal.lock(folder / ".lock"):
        ledger = Ledger(folder)
        yield ledger
        if not ledger.entries:
            shutil.rmtree(folder, ignore_errors=True)


def left_over(place: Path) -> Iterator[Ledger]:
    """The ledgers of earlier runs that were killed, or could not delete everything."""
    for folder in sorted((place / _FOLDER).glob("*")):
        with contextlib.suppress(ToolError), journal.lock(folder / ".lock"):  # else it is at work
            yield Ledger(folder)
