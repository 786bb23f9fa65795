"""The routes of Para's API for things, and its OpenAPI page, as a FastAPI application."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Sequence
from http import HTTPStatus
from typing import Annotated, Any, TypeVar

import anyio
from botocore.exceptions import BotoCoreError, ClientError
from fastapi import Depends, FastAPI, Path, Query, Request
from fastapi.responses import JSONResponse, PlainTextResponse, Response
from fastapi_offline import FastAPIOffline
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Receive, Scope, Send

from ...cloud import aws as aws_errors
from ...errors import ToolError
from ...shapes import Json
from . import objects, schema
from .refusal import Refused
from .service import Things
from .signatures import PREFIX, Asked, authenticate

_LIMIT_BYTES = 1024 * 1024  # Para's; more is read, up to _DRAIN times as much, so that who sends it gets the answer
_DRAIN = 16
_BODY_S = 60
_Handler = TypeVar("_Handler", bound=Callable[..., Any])
_TYPES = (objects.TYPE, objects.PLURAL)
_METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]


def build(things: Things, hosts: Sequence[str], version: str, lifespan: Any = None) -> FastAPI:
    """The application; hosts: what the header Host may say, since a page of somebody else's in a browser may come here
    by a name of its own (DNS rebinding); lifespan: FastAPI's."""
    app: FastAPI = FastAPIOffline(
        title="Things of AWS IoT",
        description="Para's REST API. Requests are signed: AWS Signature Version 4, service para, region us-east-1.",
        version=version,
        lifespan=lifespan,
    )
    app.state.things = things
    app.add_middleware(_OwnHosts, hosts=hosts)
    _add_refusals(app)
    _add_own(app, version)
    _add_batch(app)
    _add_searches(app)
    for name in _TYPES:  # Para takes both
        _add_things(app, f"/v1/{name}", name == objects.PLURAL)
    _add_rest(app)
    return app


# what comes in


async def _received(request: Request) -> bytes:
    """The body; Refused when it is too large or does not come."""
    body, seen = bytearray(), 0
    try:
        with anyio.fail_after(_BODY_S):
            async for chunk in request.stream():
                seen += len(chunk)
                if seen <= _LIMIT_BYTES:
                    body += chunk
                elif seen > _DRAIN * _LIMIT_BYTES:
                    break
    except TimeoutError:
        raise Refused(408, f"The body of the request did not come within {_BODY_S} s.") from None
    if seen > _LIMIT_BYTES:
        raise Refused(400, f"Request is too large - the maximum is {_LIMIT_BYTES // 1024} KB.")
    return bytes(body)


Body = Annotated[bytes, Depends(_received)]


def _served(request: Request) -> Things:
    things: Things = request.app.state.things
    return things


Served = Annotated[Things, Depends(_served)]


def _caller(request: Request, things: Served, body: Body) -> str:
    """The id of the app that asks."""
    scope = request.scope
    headers = {name.decode("latin-1"): value.decode("latin-1").strip() for name, value in scope["headers"]}
    path, query = scope["raw_path"].decode("latin-1"), scope["query_string"].decode("latin-1")

    def secret_of(appid: str) -> str | None:
        found = things.store.app(appid)
        return found[0] if found else None

    return authenticate(Asked(request.method, path, query, headers, body), secret_of, time.time())


Caller = Annotated[str, Depends(_caller)]
Key = Annotated[str, Path(description="The id of a thing.")]
Kind = Annotated[str, Path(description="id, ids, prefix, wildcard, tagged, in, terms, count; else by q.")]
Ids = Annotated[Sequence[str], Query(description="The ids of things.")]


def _parameters(
    request: Request,
    q: Annotated[str, Query(description="Words that must all fit; * and ? for letters; field:word.")] = "*",
    limit: Annotated[str, Query(description="Of a page: at most 256.")] = "30",
    page: Annotated[str, Query(description="From 1.")] = "1",
    sort: Annotated[str, Query(description="A field; _docid: the ids, after lastKey.")] = "timestamp",
    desc: Annotated[str, Query(description="true, or false for the lowest first.")] = "true",
    last_key: Annotated[str, Query(alias="lastKey", description="With sort=_docid: what the page before had.")] = "",
) -> dict[str, list[str]]:
    """All values of each name in the query; those that each search takes are named here, for the OpenAPI page."""
    return {name: request.query_params.getlist(name) for name in request.query_params}


Parameters = Annotated[dict[str, list[str]], Depends(_parameters)]


def _items(body: bytes) -> list[Json]:
    """The things of a batch."""
    items: list[Json] = objects.parse(body, list)
    for given in items:
        if not isinstance(given, dict):
            raise Refused(400, "The body must be an array of JSON objects.")
        if given.get("type", objects.TYPE) not in _TYPES:
            raise Refused(400, f"Type '{given['type']}' not found.")
        if not isinstance(given.get("id"), (str, type(None))):
            raise Refused(400, "id: must be text.")
    return items


# the routes: Para's own answers in each, so none is made from what a function says that it returns


def _route(app: FastAPI, method: str, path: str, **settings: Any) -> Callable[[_Handler], _Handler]:
    return app.api_route(path, methods=[method], response_model=None, **settings)


def _add_own(app: FastAPI, version: str) -> None:
    route = functools.partial(_route, app)

    @route("GET", "/v1", include_in_schema=False)
    @route("GET", "/v1/")
    def info(caller: Caller) -> Json:
        return {"info": "aws_iot: things of AWS IoT by Para's API", "version": version}

    @route("GET", "/v1/_me")
    def me(caller: Caller, things: Served) -> Json:
        _, made = things.store.app(caller) or ("", 0)
        return {
            "id": f"{PREFIX}{caller}", "timestamp": made, "type": "app", "appid": caller, "name": caller,
            "plural": "apps", "objectURI": f"/app/{PREFIX}{caller}", "active": True,
            "datatypes": {objects.PLURAL: objects.TYPE},
        }  # fmt: skip

    @route("GET", "/v1/utils/timestamp", response_class=PlainTextResponse)
    def timestamp(caller: Caller) -> str:
        return str(objects.now())

    @route("GET", "/v1/_id/{key}", responses=schema.answers(schema.Thing, 404))
    def read_by_id(key: Key, caller: Caller, things: Served) -> Json:
        return things.read(caller, key)


def _add_batch(app: FastAPI) -> None:
    route, page = functools.partial(_route, app), {"openapi_extra": schema.body(many=True)}

    @route("PUT", "/v1/_batch", include_in_schema=False)
    @route("POST", "/v1/_batch", responses=schema.answers(list[schema.NewThing], 400), **page)
    def create_all(caller: Caller, things: Served, body: Body) -> list[Json]:
        return things.create(caller, [(given.get("id") or None, given) for given in _items(body)])

    @route("GET", "/v1/_batch", responses=schema.answers(list[schema.Thing], 400))
    def read_all(caller: Caller, things: Served, ids: Ids = ()) -> list[Json]:
        return things.read_all(caller, list(ids))

    @route("PATCH", "/v1/_batch", responses=schema.answers(list[schema.Thing], 400, 412), **page)
    def update_all(caller: Caller, things: Served, body: Body) -> list[Json]:
        return things.update_all(caller, _items(body))

    @route("DELETE", "/v1/_batch", responses=schema.answers(None, 400))
    def delete_all(caller: Caller, things: Served, ids: Ids = ()) -> Response:
        things.delete_all(caller, list(ids))
        return Response()


def _add_searches(app: FastAPI) -> None:
    """Of any type but things there are no objects."""
    route, page = functools.partial(_route, app), {"responses": schema.answers(schema.Page, 400)}

    @route("GET", "/v1/things", **page)
    @route("GET", "/v1/thing", include_in_schema=False)
    @route("GET", "/v1/things/search", include_in_schema=False)
    @route("GET", "/v1/thing/search", include_in_schema=False)
    def find(caller: Caller, things: Served, given: Parameters) -> Json:
        return things.page(caller, "", given)

    @route("GET", "/v1/things/search/{kind}", **page)
    @route("GET", "/v1/thing/search/{kind}", include_in_schema=False)
    def find_by(kind: Kind, caller: Caller, things: Served, given: Parameters) -> Json:
        return things.page(caller, kind, given)

    @route("GET", "/v1/search", include_in_schema=False)
    @route("GET", "/v1/search/{kind}", include_in_schema=False)
    def find_in_all(caller: Caller, things: Served, given: Parameters, kind: str = "") -> Json:
        if (given.get("type") or [objects.TYPE])[0] not in _TYPES:
            return {"items": [], "page": 1, "totalHits": 0}
        return things.page(caller, kind, given)


def _add_things(app: FastAPI, path: str, in_page: bool) -> None:
    route = functools.partial(_route, app, include_in_schema=in_page)
    page = {"openapi_extra": schema.body()}

    @route("POST", path, status_code=201, responses=schema.answers(schema.NewThing, 400, code=201), **page)
    def create(caller: Caller, things: Served, body: Body, response: Response) -> Json:
        (made,) = things.create(caller, [(None, objects.parse(body, dict))])
        response.headers["Location"] = f"/v1/{objects.PLURAL}/{made['id']}"
        return made

    @route("GET", f"{path}/{{key}}", responses=schema.answers(schema.Thing, 404))
    def read(key: Key, caller: Caller, things: Served) -> Json:
        return things.read(caller, key)

    @route("PUT", f"{path}/{{key}}", responses=schema.answers(schema.NewThing, 400), **page)
    def replace(key: Key, caller: Caller, things: Served, body: Body) -> Json:
        return things.replace(caller, key, objects.parse(body, dict))

    @route("PATCH", f"{path}/{{key}}", responses=schema.answers(schema.Thing, 400, 404, 412), **page)
    def update(key: Key, caller: Caller, things: Served, body: Body) -> Json:
        return things.update(caller, key, objects.parse(body, dict))

    @route("DELETE", f"{path}/{{key}}", responses=schema.answers(None, 404))
    def delete(key: Key, caller: Caller, things: Served) -> Response:
        things.delete(caller, key)
        return Response()


def _add_rest(app: FastAPI) -> None:
    @app.api_route("/v1/{kind}", methods=_METHODS, include_in_schema=False)
    @app.api_route("/v1/{kind}/{rest:path}", methods=_METHODS, include_in_schema=False)
    def other(kind: str, caller: Caller, rest: str = "") -> None:
        raise Refused(404, "Not Found" if kind in _TYPES or kind.startswith("_") else f"Type '{kind}' not found.")


# what goes out when that is a refusal


def _answer(code: int, message: str) -> JSONResponse:
    headers = {"WWW-Authenticate": "Bearer"} if code == 401 else None
    return JSONResponse({"code": code, "message": message}, code, headers)


def _add_refusals(app: FastAPI) -> None:
    @app.exception_handler(Refused)
    def refused(_: Request, error: Refused) -> JSONResponse:
        return _answer(error.code, error.message)

    @app.exception_handler(ToolError)  # what a command would tell its user
    def tool(_: Request, error: ToolError) -> JSONResponse:
        return _answer(400, str(error))

    @app.exception_handler(ClientError)
    @app.exception_handler(BotoCoreError)
    def aws(_: Request, error: ClientError | BotoCoreError) -> JSONResponse:
        return _answer(503 if aws_errors.passing(error) else 500, aws_errors.explain(error))

    @app.exception_handler(HTTPException)
    def http(_: Request, error: HTTPException) -> JSONResponse:
        return _answer(error.status_code, HTTPStatus(error.status_code).phrase)

    @app.exception_handler(Exception)  # it is printed on the server's side, too
    def unexpected(_: Request, error: Exception) -> JSONResponse:
        return _answer(500, f"unexpected {type(error).__name__}")


class _OwnHosts:
    """Lets in what was sent to a name that this server has."""

    def __init__(self, app: ASGIApp, hosts: Sequence[str]) -> None:
        self._app, self._hosts = app, {host.encode() for host in hosts}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and dict(scope["headers"]).get(b"host", b"").lower() not in self._hosts:
            await _answer(403, "This server is for programs of this computer: its Host is none of its own.")(
                scope, receive, send
            )
        else:
            await self._app(scope, receive, send)
