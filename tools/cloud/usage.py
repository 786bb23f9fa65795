"""What things did at the local AWS: which rights they used or lacked, and how much of what AWS bills.

Metered as https://aws.amazon.com/iot-core/pricing/additional-details/ says. In FOLDER/usage.json by client id:
{"since", "until": epoch seconds of the first and the last, "connected_s", "messages" (of 5 KB), "operations" (of
shadows, of 1 KB), "rules", "actions" (of 5 KB), "uses": {action: {resource: [times allowed, times denied]}}, "https"
and "keys": the same for what was asked by HTTPS with a certificate, and with AWS keys by any door, for which other
policies count; "more": True where there were too many resources to keep}.
"""

from __future__ import annotations

import asyncio
import contextvars
import logging
import re
import time
from pathlib import Path
from typing import Any

from .. import journal
from ..shapes import Json

FILE = "usage.json"
_EACH_S = 1  # between two writes
_MOST = 500  # resources of one action
_MESSAGE, _OPERATION = 5120, 1024
_CONNECT, _PUBLISH, _PUBACK, _SUBSCRIBE = 1, 3, 4, 8
_SHADOW = re.compile(r"\$aws/things/[^/]+/shadow/(name/[^/]+/)?(get|update|delete)")
_INGEST = "$aws/rules/"  # Basic Ingest is no messaging
CALLER: contextvars.ContextVar[str | None] = contextvars.ContextVar("CALLER", default=None)  # by HTTPS: see calls.py
_log = logging.getLogger("thing.usage")


class Usage:
    """Counts, and keeps the count in a file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._changed = asyncio.Event()
        self._begun: dict[str, float] = {}  # connections that there are
        try:
            self.clients: Json = journal.read_json(path) if path.exists() else {}
        except Exception as error:  # it is no more than a count
            _log.error("the count is begun anew: %s", error)
            self.clients = {}

    def start(self) -> None:
        """Write after changes, until stop()."""
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        self._task.cancel()
        self._write()

    def asked(self, client: str, action: str, resource: str, is_allowed: bool, way: str = "uses") -> None:
        """A right that was asked for."""
        found = self._of(client)
        used = found.setdefault(way, {}).setdefault(action, {})
        if resource not in used and len(used) >= _MOST:
            found["more"] = True
            return
        used.setdefault(resource, [0, 0])[0 if is_allowed else 1] += 1

    def received(self, client: str, kind: int, size: int, topic: str) -> None:
        """A packet of a thing."""
        self._changed.set()
        if kind == _CONNECT:
            self._begun[client] = time.time()
        if kind in (_CONNECT, _PUBACK, _SUBSCRIBE) or (kind == _PUBLISH and not topic.startswith(_INGEST)):
            self._of(client)["messages"] += _units(size, _MESSAGE)
        if kind == _PUBLISH and _SHADOW.fullmatch(topic):
            self._of(client)["operations"] += _units(size, _OPERATION)

    def sent(self, client: str, size: int) -> None:
        """A PUBLISH to a thing."""
        self._of(client)["messages"] += _units(size, _MESSAGE)

    def called(
        self, client: str, way: str, needs: list[tuple[str, str]], is_allowed: bool, asked_bytes: int, told_bytes: int
    ) -> None:
        """A call by HTTPS with the sizes of its two bodies, of which an empty one is no message."""
        for action, resource in needs:
            self.asked(client, action, resource, is_allowed, way)
        found, (action, resource) = self._of(client), needs[0]
        if not resource.startswith(f"topic/{_INGEST}"):
            found["messages"] += sum(_units(size, _MESSAGE) for size in (asked_bytes, told_bytes) if size)
        if "Shadow" in action:
            found["operations"] += _units(asked_bytes or told_bytes, _OPERATION)

    def triggered(self, client: str, size: int, actions: int) -> None:
        """A rule, by what a thing published."""
        found = self._of(client)
        found["rules"] += _units(size, _MESSAGE)
        found["actions"] += _units(size, _MESSAGE) * actions

    def ended(self, client: str) -> None:
        """A connection."""
        self._pass(client)
        self._begun.pop(client, None)

    def _of(self, client: str) -> Json:
        now = time.time()
        found: Json = self.clients.setdefault(client, {
            "since": now, "until": now, "connected_s": 0.0, "messages": 0, "operations": 0, "rules": 0, "actions": 0,
            "uses": {}, "https": {}, "keys": {},
        })  # fmt: skip
        found["until"] = now
        self._changed.set()
        return found

    def _pass(self, client: str) -> None:
        """Count the time of a connection until now."""
        if client in self._begun:
            now = time.time()
            self._of(client)["connected_s"] += now - self._begun[client]
            self._begun[client] = now

    async def _run(self) -> None:
        while True:
            await self._changed.wait()
            await asyncio.sleep(_EACH_S)
            self._changed.clear()
            self._write()

    def _write(self) -> None:
        for client in list(self._begun):
            self._pass(client)
        self._changed.clear()
        try:
            journal.write_json(self._path, self.clients, journal.SECRET)
        except OSError as error:
            _log.error("the count could not be written: %s", error)


def read(path: Path) -> dict[str, Json]:
    """What was counted, by client id."""
    return journal.read_json(path)


def _units(size: int, of: int) -> int:
    return max(1, -(-size // of))


def topic_of(body: bytes) -> str:
    """The topic of a PUBLISH's body."""
    length = int.from_bytes(body[:2], "big")
    return body[2 : 2 + length].decode(errors="replace")


def watch(iot: Any, usage: Usage) -> None:
    """Have MiniStack's broker (services.iot) tell of all this."""
    session = iot._WSSession
    allows, handle, send, clean, rule = (
        session._policy_allows, session.handle_packet, session.send_bytes, session.cleanup, iot._run_rule_actions,
    )  # fmt: skip

    def asked(self: Any, action: str, resource: str) -> bool:
        is_allowed = bool(allows(self, action, resource))
        usage.asked(self._client_id, action, resource, is_allowed, "keys" if self.iam_credential else "uses")
        return is_allowed

    async def handled(self: Any, kind: int, flags: int, body: bytes) -> bool:
        goes_on = bool(await handle(self, kind, flags, body))
        if self._client_id:
            usage.received(self._client_id, kind, len(body), topic_of(body) if kind == _PUBLISH else "")
        return goes_on

    async def sent(self: Any, data: bytes) -> None:
        if data[0] >> 4 == _PUBLISH and self._client_id:
            usage.sent(self._client_id, len(data))
        await send(self, data)

    async def cleaned(self: Any) -> None:
        if not self._cleaned_up:  # it is called twice for one that another has taken over
            usage.ended(self._client_id)
        await clean(self)

    async def ruled(account: str, region: str, found: Any, payload: bytes, *more: Any) -> None:
        client = (more[1] if len(more) > 1 else None) or CALLER.get()
        if found and client and not found.get("ruleDisabled"):
            usage.triggered(client, len(payload or b""), len(found.get("actions") or ()))
        await rule(account, region, found, payload, *more)

    session._policy_allows, session.handle_packet, session.send_bytes, session.cleanup = asked, handled, sent, cleaned
    iot._run_rule_actions = ruled
