"""Calls of AWS IoT that MiniStack lacks, answered before it is asked: who is connected, streams of files, role aliases.

They stand in for https://docs.aws.amazon.com/iot/latest/apireference/API_iotdata_GetConnection.html and
https://docs.aws.amazon.com/iot/latest/apireference/API_CreateStream.html with its neighbours, for the one account that
is here.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

from .. import journal
from ..shapes import Json
from . import ministack
from .gate import App, Receive, Scope, Send

_CREDENTIAL = re.compile(r"Credential=([^/,]+)/\d+/([^/,]+)/")
_ACCOUNT = re.compile(r"\d{12}")  # MiniStack takes an access key of this form for the account of that number
_DEFAULT_ACCOUNT = "000000000000"
MISSING = 404, {"message": "there is none of this name"}, "ResourceNotFoundException"
_UNSIGNED = 403, {"message": "the call is not signed"}, "ForbiddenException"
Answer = tuple[int, Json, str]  # status, document, AWS's name of the error or ""
Call = Callable[[str, str, bytes], Answer]  # account, region, body


class Kind(Protocol):
    """Resources of a kind."""

    def call(self, method: str, name: str) -> Call | None:
        """What answers a request for the one of a name, if that is not for MiniStack."""


class Lacking:
    """Answers these calls, and hands the others to MiniStack. `kinds`: resources, by the first level of their paths."""

    def __init__(self, app: App, kinds: dict[str, Kind]) -> None:
        self._app, self._kinds = app, kinds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        call = self._call(scope) if scope["type"] == "http" else None
        if call is None:
            await self._app(scope, receive, send)
            return
        account, region = _caller(scope)
        await _send(send, call(account, region, await _body(receive)) if account else _UNSIGNED)

    def _call(self, scope: Scope) -> Call | None:
        """What answers a request, if that is not for MiniStack."""
        kind, _, name = scope["path"].removeprefix("/").partition("/")
        if kind == "connections" and scope["method"] == "GET":
            return lambda account, region, body: connection(account, region, name)
        return self._kinds[kind].call(scope["method"], name) if kind in self._kinds else None


def _caller(scope: Scope) -> tuple[str, str]:
    """Account and region that a request was signed for; whether rightly so is not asked, as it never is on loopback."""
    headers = {name.lower(): value.decode("latin-1") for name, value in scope["headers"]}
    signed = _CREDENTIAL.search(headers.get(b"authorization", ""))
    if not signed:
        return "", ""
    return signed[1] if _ACCOUNT.fullmatch(signed[1]) else _DEFAULT_ACCOUNT, signed[2]


def connection(account: str, region: str, client_id: str) -> Answer:
    """GetConnection, from what MiniStack knows of its sessions."""
    known = ministack.module("services.iot")._thing_connectivity(account, region, client_id)
    if "timestamp" not in known:
        return MISSING
    since = "connectedSince" if known["connected"] else "disconnectedSince"
    return 200, {"clientId": client_id, "connected": known["connected"], since: known["timestamp"]}, ""


class Streams:
    """The streams, in a file of their own."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._streams: Json = journal.read_json(path) if path.exists() else {}

    def call(self, method: str, name: str) -> Call | None:
        """What answers a request for the stream of a name."""
        if not name:
            return None
        if method == "POST":
            return lambda account, region, body: self._create(name, f"{region}:{account}", json.loads(body))
        if name not in self._streams and method in ("GET", "DELETE"):
            return lambda account, region, body: MISSING
        if method == "GET":
            return lambda account, region, body: (200, {"streamInfo": self._streams[name]}, "")
        if method == "DELETE":
            return lambda account, region, body: self._delete(name)
        return None

    def _create(self, name: str, place: str, asked: Json) -> Answer:
        if name in self._streams:
            return 409, {"message": f"there is a stream {name} already"}, "ResourceAlreadyExistsException"
        arn = f"arn:aws:iot:{place}:stream/{name}"
        made = {"streamId": name, "streamArn": arn, "description": asked.get("description", ""), "streamVersion": 1}
        now = time.time()
        kept = {"files": asked["files"], "roleArn": asked["roleArn"], "createdAt": now, "lastUpdatedAt": now}
        self._keep({**self._streams, name: {**made, **kept}})
        return 200, made, ""

    def _delete(self, name: str) -> Answer:
        self._keep({each: stream for each, stream in self._streams.items() if each != name})
        return 200, {}, ""

    def _keep(self, streams: Json) -> None:
        journal.write_json(self._path, streams, journal.SECRET)
        self._streams = streams


async def _body(receive: Receive) -> bytes:
    body, more = b"", True
    while more:
        message: Any = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    return body


async def _send(send: Send, answer: Answer) -> None:
    status, document, error = answer
    headers = [(b"content-type", b"application/json")]
    if error:
        headers.append((b"x-amzn-errortype", error.encode()))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": json.dumps(document).encode()})
