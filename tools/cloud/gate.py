"""Who speaks to the local AWS from the network gets what S3 has for a presigned URL, and what AWS IoT has for a device
with AWS keys: nothing else.

The gateway itself takes root's keys with any signature, and a WebSocket with none: it is for this computer alone. What
may pass is signed by keys that are not root's; MiniStack looks at the signature, the token, the time and the policy.
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
_Query = dict[str, list[str]]

# https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
_OBJECT = re.compile(r"/[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]/.+", re.DOTALL)
# https://docs.aws.amazon.com/iot/latest/apireference/API_Operations_AWS_IoT_Data_Plane.html
_DATA = re.compile(
    r"/things/[^/]+/shadow|/api/things/shadow/ListNamedShadowsForThing/[^/]+|/topics/.+|/retainedMessage(/.+)?",
    re.DOTALL,
)
_WEBSOCKET = "/mqtt"
_IOT_HOST = re.compile(r"[a-z0-9-]+\.iot\.[a-z0-9-]+\.localhost(:\d+)?")
_IOT_SERVICES = ("iotdata", "iotdevicegateway")
_SIGNED = re.compile(
    r"AWS4-HMAC-SHA256 Credential=([^\s,]+), ?SignedHeaders=[a-z0-9;-]+, ?Signature=[0-9a-f]{64}", re.ASCII
)
# what may come along, so that nothing steers a request to another service
_S3_HEADERS = (b"host", b"range", b"if-match", b"if-none-match", b"if-range", b"user-agent", b"connection")
_IOT_HEADERS = (
    b"host", b"authorization", b"x-amz-date", b"x-amz-security-token", b"x-amz-content-sha256", b"content-type",
    b"content-length", b"transfer-encoding", b"user-agent", b"connection", b"upgrade", b"sec-websocket-key",
    b"sec-websocket-version", b"sec-websocket-protocol",
)  # fmt: skip
_REFUSED = b"403: from the network the local AWS answers what is signed for AWS IoT's data and presigned S3 URLs only\n"


class Gate:
    """Passes to an ASGI application what comes in at the address `inside`, and of the rest what may pass."""

    def __init__(self, app: App, inside: str) -> None:
        self._app, self._inside = app, inside

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan" or (scope.get("server") or [None])[0] == self._inside:
            await self._app(scope, receive, send)
        elif kept := _may_keep(scope):
            headers = [(name, value) for name, value in scope["headers"] if name.lower() in kept]
            await self._app({**scope, "headers": headers}, receive, send)
        elif scope["type"] == "http":
            await send({"type": "http.response.start", "status": 403, "headers": [(b"content-type", b"text/plain")]})
            await send({"type": "http.response.body", "body": _REFUSED})
        else:
            await receive()
            await send({"type": "websocket.close"})  # before it was accepted: the client gets a 403


def _may_keep(scope: Scope) -> tuple[bytes, ...]:
    """The headers that a request may keep; none: it may not pass."""
    query = urllib.parse.parse_qs(scope.get("query_string", b"").decode("latin-1"), keep_blank_values=True)
    if any(len(values) > 1 for values in query.values()):
        return ()
    if scope["type"] == "websocket":
        return _IOT_HEADERS if _is_device(scope, query) else ()
    if _is_data(scope, query):
        return _IOT_HEADERS
    return _S3_HEADERS if _is_object(scope, query) else ()


def _is_object(scope: Scope, query: _Query) -> bool:
    """Whether this is a GET of an object, signed in its URL, in time, with keys that are not root's."""
    if scope["method"] != "GET" or not _OBJECT.fullmatch(scope["path"]) or not _is_presigned(query, ("s3",)):
        return False
    if not query.get("X-Amz-Expires", [""])[0]:
        return False
    headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
    # None: signature, token and age are right (https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html)
    return ministack.module("services.s3")._verify_presigned_sigv4("GET", scope["path"], headers, query) is None


def _is_device(scope: Scope, query: _Query) -> bool:
    """Whether this is MQTT over WebSocket, signed in its URL (https://docs.aws.amazon.com/iot/latest/developerguide/protocols.html)."""
    host, _ = _headers(scope)
    return scope["path"] == _WEBSOCKET and bool(_IOT_HOST.fullmatch(host)) and _is_presigned(query, _IOT_SERVICES)


def _is_data(scope: Scope, query: _Query) -> bool:
    """Whether this is a call of AWS IoT's data plane, signed in its head, and there alone."""
    host, authorization = _headers(scope)
    if not _DATA.fullmatch(scope["path"]) or not _IOT_HOST.fullmatch(host):
        return False
    if any(name.lower().startswith("x-amz-") or name == "Action" for name in query):
        return False
    signed = _SIGNED.fullmatch(authorization)
    return signed is not None and _is_foreign(signed[1], _IOT_SERVICES)


def _headers(scope: Scope) -> tuple[str, str]:
    """Host and Authorization, which may come once."""
    found = {b"host": "", b"authorization": ""}
    for name, value in scope["headers"]:
        if name.lower() in found:
            if found[name.lower()]:
                return "", ""
            found[name.lower()] = value.decode("latin-1")
    return found[b"host"], found[b"authorization"]


def _is_presigned(query: _Query, services: tuple[str, ...]) -> bool:
    """Whether the URL has a signature for one of these services, by keys that are not root's."""
    if query.get("X-Amz-Algorithm") != ["AWS4-HMAC-SHA256"] or not query.get("X-Amz-Signature", [""])[0]:
        return False
    if any(name.lower().startswith("x-amz-") and not name.startswith("X-Amz-") for name in query):
        return False
    return _is_foreign(query.get("X-Amz-Credential", [""])[0], services)


def _is_foreign(credential: str, services: tuple[str, ...]) -> bool:
    """Whether a scope names one of these services, and keys that are not root's."""
    key, *place = credential.split("/")
    if len(place) != 4 or place[2] not in services:
        return False
    return not ministack.module("core.iam_evaluator").is_root_access_key(key)
