"""What AWS does not keep, in one SQLite file: the apps with their keys, and what only Para knows of a thing.

A request that changes something is one transaction, at its end: until then AWS has, at most, what a record on the disk
tells of. The write-ahead log holds what was committed also when the process is killed or the power fails.
https://www.sqlite.org/wal.html
"""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ... import journal
from ...errors import ToolError
from ...shapes import Json
from . import objects

FILE = "objects.sqlite"
_LAYOUT = 1  # of the tables below
_TABLES = """
CREATE TABLE apps (appid TEXT PRIMARY KEY, secret TEXT NOT NULL, timestamp INTEGER NOT NULL);
CREATE TABLE things (
    appid TEXT NOT NULL, id TEXT NOT NULL, name TEXT NOT NULL UNIQUE,
    object TEXT NOT NULL,  -- see objects.py
    record TEXT NOT NULL,  -- what is deleted with it in AWS: values of things/record.py
    PRIMARY KEY (appid, id)
);
"""
_BUSY_S = 10  # how long another process's transaction is waited for


@dataclass
class Entry:
    """A row of things."""

    appid: str
    id: str
    name: str
    object: Json
    record: Json


class Store:
    """The file of a folder, made when it is not there; for any thread."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(mode=0o700, exist_ok=True)
        self.path = folder / FILE
        os.close(os.open(self.path, os.O_RDWR | os.O_CREAT, journal.SECRET))  # before SQLite makes one for all to read
        self._lock = threading.RLock()
        self._connection = sqlite3.connect(
            self.path, timeout=_BUSY_S, isolation_level=None, check_same_thread=False
        )
        with self._words():
            self._connection.execute("PRAGMA journal_mode=WAL")
            self._connection.execute("PRAGMA synchronous=FULL")  # a commit is on the disk
            self._make()

    def _make(self) -> None:
        with self.transaction():
            (layout,) = self._connection.execute("PRAGMA user_version").fetchone()
            if layout == 0:
                for statement in _TABLES.split(";"):
                    self._connection.execute(statement)
                self._connection.execute(f"PRAGMA user_version={_LAYOUT}")
            elif layout != _LAYOUT:
                raise ToolError(f"{self.path} is of another version of `thing`: use that one")

    def close(self) -> None:
        self._connection.close()

    @contextlib.contextmanager
    def _words(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.OperationalError as error:  # the disk is full, say, or may not be written to
            raise ToolError(f"{self.path}: {error}") from error
        except sqlite3.DatabaseError as error:
            raise ToolError(
                f"{self.path} is damaged ({error}): move it away, and `thing serve` makes it anew of what AWS knows; "
                "app keys, tags and fields of your own were in it alone"
            ) from error

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        """All that is done within, or nothing of it."""
        with self._lock, self._words():
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise

    def _rows(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        with self._lock, self._words():
            return self._connection.execute(query, values).fetchall()

    # apps

    def set_app(self, appid: str, secret: str, timestamp: int) -> None:
        """A new key of an app takes the place of the one that it had."""
        with self.transaction():
            self._connection.execute(
                "INSERT INTO apps VALUES (?, ?, ?) ON CONFLICT (appid) DO UPDATE SET secret = excluded.secret",
                (appid, secret, timestamp),
            )

    def app(self, appid: str) -> tuple[str, int] | None:
        """(secret, timestamp) of an app."""
        return next(iter(self._rows("SELECT secret, timestamp FROM apps WHERE appid = ?", appid)), None)

    def apps(self) -> list[str]:
        return [row[0] for row in self._rows("SELECT appid FROM apps ORDER BY appid")]

    def remove_app(self, appid: str) -> bool:
        """-> False when there was none."""
        with self.transaction():
            return self._connection.execute("DELETE FROM apps WHERE appid = ?", (appid,)).rowcount > 0

    # things

    def get(self, appid: str, key: str) -> Entry | None:
        return next(self._entries("WHERE appid = ? AND id = ?", appid, key), None)

    def named(self, name: str) -> Entry | None:
        """The thing of this name, of whichever app."""
        return next(self._entries("WHERE name = ?", name), None)

    def all(self) -> list[Entry]:
        return list(self._entries("ORDER BY name"))

    def add(self, entries: Iterable[Entry]) -> None:
        """Write new entries, all or none of them."""
        rows = [(row.appid, row.id, row.name, json.dumps(row.object), json.dumps(row.record)) for row in entries]
        with self.transaction():
            self._connection.executemany("INSERT INTO things VALUES (?, ?, ?, ?, ?)", rows)

    def set_object(self, entry: Entry) -> None:
        with self.transaction():
            self._connection.execute(
                "UPDATE things SET object = ? WHERE appid = ? AND id = ?",
                (json.dumps(entry.object), entry.appid, entry.id),
            )

    def set_state(self, entry: Entry, state: Json) -> None:
        """Keep the state as it was read; what else is changed meanwhile stays."""
        with self.transaction():
            self._connection.execute(
                "UPDATE things SET object = json_set(object, '$.deviceState', json(?)) WHERE appid = ? AND id = ?",
                (json.dumps(state), entry.appid, entry.id),
            )

    def remove(self, entries: Iterable[Entry]) -> None:
        with self.transaction():
            self._connection.executemany(
                "DELETE FROM things WHERE appid = ? AND id = ?", [(row.appid, row.id) for row in entries]
            )

    def page(
        self, appid: str, matches: Callable[[Json], bool] | None, sort: str, desc: bool, limit: int, offset: int,
        after: str | None = None,
    ) -> tuple[list[Entry], int]:  # fmt: skip
        """Some of an app's things, in order, and how many there are in all. matches: of which shown objects alone;
        after: those that follow this id in the order of ids."""
        keep = matches or (lambda _: True)

        def fits(key: str, name: str, object_: str) -> bool:
            return keep(objects.shown(appid, key, name, json.loads(object_)))

        order = {"id": "id", "name": "name"}.get(sort, "json_extract(object, ?)")
        way = "DESC" if desc else "ASC"
        where = "WHERE appid = ?" + (" AND fits(id, name, object)" if matches else "")
        with self._lock, self._words():
            self._connection.create_function("fits", 3, fits)
            ((total,),) = self._connection.execute(f"SELECT COUNT(*) FROM things {where}", (appid,)).fetchall()
            values: list[Any] = [appid]
            if after is not None:
                where += f" AND id {'<' if desc else '>'} ?"
                values.append(after)
            if "?" in order:
                values.append("$" + "".join(f'."{part}"' for part in sort.split(".")))
            found = self._entries(f"{where} ORDER BY {order} {way}, id {way} LIMIT ? OFFSET ?", *values, limit, offset)
            return list(found), total

    def _entries(self, where: str, *values: Any) -> Iterator[Entry]:
        for appid, key, name, object_, record in self._rows(f"SELECT * FROM things {where}", *values):
            yield Entry(appid, key, name, json.loads(object_), json.loads(record))
