"""Who may talk to the console: browsers of this computer that were given the token, from its own pages alone.

https://owasp.org/www-community/attacks/DNS_Rebinding is why Host and Origin are looked at, too.
"""

from __future__ import annotations

import hmac
import http.cookies
import urllib.parse
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

_FROM_HERE = "'self' 'unsafe-inline' 'unsafe-eval' data: blob:"  # Vue compiles templates in the page
_HEADERS = (
    (b"content-security-policy", f"default-src {_FROM_HERE}; frame-ancestors 'none'; base-uri 'self'".encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
)


class Guard:
    """An ASGI application before another."""

    def __init__(self, app: Application, port: int, token: str) -> None:
        self._app, self._token = app, token
        self._hosts = [f"{name}:{port}" for name in ("127.0.0.1", "localhost")]
        self._cookie = f"thing-console-{port}"  # cookies know no ports

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            return await self._app(scope, receive, send)
        headers = {name.lower(): value.decode("latin-1") for name, value in scope["headers"]}
        refusal = self._stranger(headers, scope["type"] == "websocket")
        if refusal:
            return await _refuse(scope, send, refusal)
        query = urllib.parse.parse_qs(scope["query_string"].decode("latin-1"))
        given = query.get("token", [""])[0]
        if given and scope["type"] == "http":
            return await self._let_in(scope, send, given)
        if not self._same(self._of_cookie(headers)):
            return await _refuse(scope, send, "open the address that `thing console` has printed: it has a token in it")
        await self._app(scope, receive, _with_headers(send))

    def _stranger(self, headers: dict[bytes, str], needs_origin: bool) -> str:
        """Why a request does not come from a page of this console; nothing when it does, or from no page at all."""
        if headers.get(b"host") not in self._hosts:
            return f"this console answers at http://{self._hosts[0]}/ alone"
        origin = headers.get(b"origin")
        if origin is None:
            return "a WebSocket must say which page it is of" if needs_origin else ""
        return "" if origin in [f"http://{host}" for host in self._hosts] else "only the console's own pages may ask"

    async def _let_in(self, scope: Scope, send: Send, given: str) -> None:
        """Keep the token in a cookie that no page can read, and take it out of the address."""
        if not self._same(given):
            return await _refuse(scope, send, "this token is of another console: open the address printed last")
        cookie = f"{self._cookie}={self._token}; Path=/; HttpOnly; SameSite=Strict"
        place = urllib.parse.quote(scope["path"]).encode()
        await _answer(send, 303, b"", ((b"location", place), (b"set-cookie", cookie.encode())))

    def _of_cookie(self, headers: dict[bytes, str]) -> str:
        try:
            found = http.cookies.SimpleCookie(headers.get(b"cookie", "")).get(self._cookie)
        except http.cookies.CookieError:
            return ""
        return found.value if found else ""

    def _same(self, given: str) -> bool:
        return hmac.compare_digest(given.encode(), self._token.encode())


def _with_headers(send: Send) -> Send:
    async def sending(message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [*message.get("headers", ()), *_HEADERS]
        await send(message)

    return sending


async def _refuse(scope: Scope, send: Send, why: str) -> None:
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1008, "reason": why})
        return
    await _answer(send, 403, f"{why}\n".encode(), ((b"content-type", b"text/plain; charset=utf-8"),))


async def _answer(send: Send, status: int, body: bytes, headers: tuple[tuple[bytes, bytes], ...]) -> None:
    length = (b"content-length", str(len(body)).encode())
    await send({"type": "http.response.start", "status": status, "headers": [*headers, *_HEADERS, length]})
    await send({"type": "http.response.body", "body": body})
