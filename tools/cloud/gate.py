"""Who speaks to the local AWS from the network gets what S3 has for a presigned URL, and nothing else.

The gateway itself takes root's keys with any signature, so it is for this computer alone.
"""

from __future__ import annotations

import re
import urllib.parse
from collections.abc import Awaitable, Callable
from typing import Any

from . import ministack

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[Scope]]
Send = Callable[[Scope], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

# https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
_OBJECT = re.compile(r"/[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]/.+", re.DOTALL)
_HEADERS = (b"host", b"range", b"if-match", b"if-none-match", b"if-range", b"user-agent", b"connection")
_REFUSED = b"403: from the network the local AWS answers presigned S3 URLs only\n"


class Gate:
    """Passes to an ASGI application what comes in at the address `inside`, and of the rest what may pass."""

    def __init__(self, app: App, inside: str) -> None:
        self._app, self._inside = app, inside

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan" or (scope.get("server") or [None])[0] == self._inside:
            await self._app(scope, receive, send)
        elif scope["type"] == "http" and _may_pass(scope):
            headers = [(name, value) for name, value in scope["headers"] if name.lower() in _HEADERS]
            await self._app({**scope, "headers": headers}, receive, send)
        elif scope["type"] == "http":
            await send({"type": "http.response.start", "status": 403, "headers": [(b"content-type", b"text/plain")]})
            await send({"type": "http.response.body", "body": _REFUSED})
        else:
            await receive()
            await send({"type": "websocket.close"})  # before it was accepted: the client gets a 403


def _may_pass(scope: Scope) -> bool:
    """Whether this is a GET of an object, signed in its URL, in time, with keys that are not root's."""
    query = urllib.parse.parse_qs(scope.get("query_string", b"").decode("latin-1"), keep_blank_values=True)
    if scope["method"] != "GET" or not _OBJECT.fullmatch(scope["path"]):
        return False
    if any(len(values) > 1 for values in query.values()) or query.get("X-Amz-Algorithm") != ["AWS4-HMAC-SHA256"]:
        return False
    key, *place = query.get("X-Amz-Credential", [""])[0].split("/")
    if len(place) != 4 or place[2] != "s3" or ministack.module("core.iam_evaluator").is_root_access_key(key):
        return False
    if not query.get("X-Amz-Signature", [""])[0] or not query.get("X-Amz-Expires", [""])[0]:
        return False
    headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
    # None: signature, token and age are right (https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html)
    return ministack.module("services.s3")._verify_presigned_sigv4("GET", scope["path"], headers, query) is None
