"""Calls of AWS IoT's data plane, by HTTPS: the rights that each needs, and the count of what things call.

https://docs.aws.amazon.com/iot/latest/developerguide/iot-policy-actions.html
"""

from __future__ import annotations

import urllib.parse
from typing import Any

from . import ministack
from .gate import App, Receive, Scope, Send
from .usage import CALLER, Usage

Need = tuple[str, str]  # an action and its resource, without what ARNs begin with
THING = "x-thing"  # who calls, as front.py has seen by a certificate; from the network the gate takes no such header
_SHADOW = {"GET": "iot:GetThingShadow", "POST": "iot:UpdateThingShadow", "DELETE": "iot:DeleteThingShadow"}


def needs(method: str, path: str, query: str) -> list[Need]:
    """The rights that a call needs; none: no device calls that."""
    fields = dict(urllib.parse.parse_qsl(query))
    match (method, *path.split("/")[1:]):
        case (_, "things", thing, "shadow") if method in _SHADOW:
            name = "/" + fields["name"] if "name" in fields else ""
            return [(_SHADOW[method], f"thing/{thing}{name}")]
        case ("GET", "api", "things", "shadow", "ListNamedShadowsForThing", thing):
            return [("iot:ListNamedShadowsForThing", f"thing/{thing}")]
        case ("POST", "topics", *topic):
            resource = f"topic/{'/'.join(topic)}"
            retain = [("iot:RetainPublish", resource)] if fields.get("retain") == "true" else []
            return [("iot:Publish", resource), *retain]
        case ("GET", "retainedMessage"):
            return [("iot:ListRetainedMessages", "*")]
        case ("GET", "retainedMessage", *topic):
            return [("iot:GetRetainedMessage", f"topic/{'/'.join(topic)}")]
    return []


class Calls:
    """Passes all on to an ASGI application, and counts what things call with the keys that provider.py gave them; what
    they call with their certificates front.py counts. Rules count for who has called."""

    def __init__(self, app: App, usage: Usage) -> None:
        self._app, self._usage = app, usage

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        asked = needs(scope["method"], scope["path"], scope["query_string"].decode()) if scope["type"] == "http" else []
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope.get("headers", ())}
        thing = _holder(headers.get("authorization", "")) if asked else ""
        CALLER.set(thing or headers.get(THING))  # of this request's task
        if not thing:
            await self._app(scope, receive, send)
            return
        sizes, status = {"asked": 0, "told": 0}, 0

        async def receiving() -> Scope:
            event = await receive()
            sizes["asked"] += len(event.get("body", b""))
            return event

        async def sending(event: Scope) -> None:
            nonlocal status
            status = event.get("status", status)
            sizes["told"] += len(event.get("body", b""))
            await send(event)

        await self._app(scope, receiving, sending)
        self._usage.called(thing, "keys", asked, status != 403, sizes["asked"], sizes["told"])


def _holder(authorization: str) -> str:
    """The thing for which provider.py has fetched the key of a signature; "": it is another's."""
    key = authorization.partition("Credential=")[2].partition("/")[0]
    judge = ministack.module("core.iam_evaluator")
    found: Any = None if judge.is_root_access_key(key) else judge.resolve_credential(key)
    role, _, thing = getattr(found, "principal_arn", "").partition(":assumed-role/")[2].partition("/")
    return thing if role.endswith(f"-{thing}") else ""
