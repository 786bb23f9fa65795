"""MiniStack's state on the disk: saved soon after each change, and set aside when it cannot be read."""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
import time
from pathlib import Path
from typing import Any

from .. import journal
from . import ministack

_GATHER_S = 0.2  # changes of so long go into one save
_SHARE = 0.1  # of the time, at most
_log = logging.getLogger("thing.saving")


class Saver:
    """Writes a file for each service whose state is another than the one written last."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._app, self._persistence = ministack.module("app"), ministack.module("core.persistence")
        self._changed = asyncio.Event()
        self._saving = asyncio.Lock()
        self._written: dict[str, bytes] = {}
        self.notes: list[str] = []  # what the user has to know of the state that was found
        self._persistence.save_state = self._write  # MiniStack saves once more at its end

    def note(self) -> None:
        """Something may have changed."""
        self._changed.set()

    def start(self) -> None:
        """Save after each change, until stop()."""
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """Let a save come to its end, and begin no other."""
        async with self._saving:
            self._task.cancel()

    async def _run(self) -> None:
        while True:
            await self._changed.wait()
            await asyncio.sleep(_GATHER_S)
            self._changed.clear()
            spent = 0.0
            try:
                async with self._saving:
                    start = time.thread_time()
                    states = {name: state() for name, state in self._app._build_persistence_save_dict().items()}
                    spent = time.thread_time() - start
                    spent += await asyncio.to_thread(self._write_all, states)
            except Exception as error:  # a full disk, or a thread of MiniStack's that changed it meanwhile
                _log.error("the state could not be saved and is tried again: %s", error)
                self.note()
            await asyncio.sleep(spent * (1 / _SHARE - 1))

    def _write_all(self, states: dict[str, Any]) -> float:
        """-> the seconds that it computed: a slow disk holds nobody up."""
        start = time.thread_time()
        for name, state in states.items():
            if state is not None:
                self._write(name, state)
        return time.thread_time() - start

    def _write(self, name: str, state: Any) -> None:
        document = {"__ministack_format__": self._persistence._state_format_version(name), "payload": state}
        content = json.dumps(document, default=self._persistence._json_default).encode()
        digest = hashlib.sha256(content).digest()
        if self._written.get(name) != digest:
            journal.write(self._folder / f"{name}.json", content, journal.SECRET)
            self._written[name] = digest

    def load(self) -> None:
        """Take up what was saved; a file that is damaged or of a newer version is set aside."""
        for name, module in self._app._state_map.items():
            path = self._folder / f"{name}.json"
            reason = self._fault(name, path) if path.exists() else None
            if path.exists() and not reason:
                try:
                    self._app._get_module(module).load_persisted_state(self._persistence.load_state(name))
                except Exception as error:
                    reason = f"MiniStack cannot take it up ({type(error).__name__}: {error})"
            if reason:
                self.notes.append(_set_aside(path, reason))

    def _fault(self, name: str, path: Path) -> str | None:
        try:
            document = json.loads(path.read_bytes())
        except (ValueError, RecursionError):
            return "it is damaged"
        if not isinstance(document, dict):
            return "it is not MiniStack's"
        version = document.get("__ministack_format__", 1)
        if not isinstance(version, int) or version > self._persistence._state_format_version(name):
            return "a newer MiniStack wrote it"
        return None


def _set_aside(path: Path, reason: str) -> str:
    """Give a file another name, which nothing overwrites; -> what to tell."""
    number = 1
    while (kept := path.with_name(f"{path.name}.set-aside-{number}")).exists():
        number += 1
    path.rename(kept)
    journal.sync(path.parent)
    return f"what was kept of {path.stem} is not used, since {reason}: it is now {kept}"
