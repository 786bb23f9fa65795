"""`thing console` without a browser: who may ask it, and a second start."""

import asyncio
import json
import signal
import socket
import stat

import pytest
from aws_iot_tools.console.guard import Guard

from ..harness.ports import free_port
from ..harness.processes import end

PORT, TOKEN = 8480, "secret"
HOST = (b"host", b"127.0.0.1:8480")
COOKIE = (b"cookie", b"thing-console-8480=secret")
ORIGIN = (b"origin", b"http://127.0.0.1:8480")


def _ask(headers, path="/", query="", kind="http") -> dict:
    """What a guard before an application that answers 200 gives for a request: its first message."""
    sent = []

    async def application(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})

    async def send(message):
        sent.append(message)

    scope = {"type": kind, "path": path, "query_string": query.encode(), "headers": headers}
    asyncio.run(Guard(application, PORT, TOKEN)(scope, None, send))
    return sent[0]


def test_who_has_the_token_gets_a_cookie_and_an_address_without_it():
    answer = _ask([HOST], "/things/a b", "token=secret")
    headers = dict(answer["headers"])
    assert (answer["status"], headers[b"location"]) == (303, b"/things/a%20b")
    assert headers[b"set-cookie"] == b"thing-console-8480=secret; Path=/; HttpOnly; SameSite=Strict"
    assert _ask([HOST, COOKIE])["status"] == 200


@pytest.mark.parametrize(
    "headers, path, query",
    [
        ([HOST], "/", ""),
        ([HOST], "/", "token=another"),
        ([HOST, (b"cookie", b"thing-console-8480=another")], "/", ""),
        ([HOST, (b"cookie", b"thing-console-8481=secret")], "/", ""),
        ([HOST, (b"cookie", b'="; \xff')], "/", ""),
        ([COOKIE], "/", ""),
        ([(b"host", b"evil.example:8480"), COOKIE], "/", ""),
        ([(b"host", b"127.0.0.1:80"), COOKIE], "/", ""),
        ([HOST, COOKIE, (b"origin", b"http://evil.example")], "/", ""),
        ([HOST, COOKIE, (b"origin", b"null")], "/", ""),
        ([HOST, (b"origin", b"http://evil.example")], "/console", ""),
    ],
)
def test_nobody_else_is_let_in(headers, path, query):
    assert _ask(headers, path, query)["status"] == 403


def test_a_websocket_is_of_the_consoles_own_pages_and_has_the_token():
    assert _ask([HOST, COOKIE, ORIGIN], kind="websocket")["type"] == "http.response.start"
    for headers in ([HOST, COOKIE], [HOST, ORIGIN], [HOST, COOKIE, (b"origin", b"http://evil.example")]):
        assert _ask(headers, kind="websocket")["type"] == "websocket.close"
    assert _ask([HOST], query="token=secret", kind="websocket")["type"] == "websocket.close"


def test_pages_may_load_nothing_from_elsewhere():
    headers = dict(_ask([HOST, COOKIE])["headers"])
    assert headers[b"content-security-policy"].startswith(b"default-src 'self' ")
    assert b"http" not in headers[b"content-security-policy"]


class _Console:
    """`thing console`, running."""

    def __init__(self, thing, port: int) -> None:
        self.port = port
        self.process = thing.start("--json", "console", "--port", port)
        line = self.process.stdout.readline()
        assert line, self.process.communicate()[1]
        self.url = json.loads(line)["url"]


def test_a_second_start_says_where_the_first_one_is_and_a_strange_port_that_it_is_taken(thing):
    port = free_port()
    console = _Console(thing, port)
    try:
        said = thing.run("console", "--port", port, code=1).stderr
        assert said == f"thing: a console runs on port {port} already: {console.url}\n"
        console.process.send_signal(signal.SIGINT)
        assert console.process.communicate(timeout=60)[1].strip() == "thing: stopped"
        assert console.process.returncode == 130
    finally:
        end(console.process)
    token = next((thing.folder.parent / "home/state/thing/console").iterdir())
    assert stat.S_IMODE(token.stat().st_mode) == 0o600 and token.read_text() in console.url
    with socket.socket() as other:
        other.bind(("127.0.0.1", port))
        other.listen()
        said = thing.run("console", "--port", port, code=1).stderr
        assert f"port {port} is taken by something else" in said and "--port" in said
