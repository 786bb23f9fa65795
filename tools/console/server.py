"""The console's server: one process, one port of this computer's loopback, pages and REST routes on it."""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import json
import secrets
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from .. import journal, state
from ..errors import ToolError

if TYPE_CHECKING:
    from ..cloud.aws import Aws

PORT = 8480
WHO = "/console"  # answers who is there, for a second start on the same port
_MISSING = (
    "the console is not installed: it is the extra `console`: install 'micropython-aws-iot[console]', in a checkout "
    "'.[console]', with what installed this (pip, pipx, uv tool)"
)


def bind(port: int) -> socket.socket:
    """A listening socket on the loopback; ToolError where the port is taken, with the address of a console there."""
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    if sys.platform != "win32":  # where it would let a second server in
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        sock.bind(("127.0.0.1", port))
        sock.listen(128)
    except OSError as error:
        sock.close()
        if _is_console(port):
            raise ToolError(f"a console runs on port {port} already: {address(port)}") from error
        raise ToolError(
            f"port {port} is taken by something else ({error.strerror}): pass --port with another"
        ) from error
    return sock


def address(port: int) -> str:
    """What is opened in a browser."""
    return f"http://127.0.0.1:{port}/?token={_token()}"


def serve(aws: Aws, folder: Path, sock: socket.socket, ready: Callable[[str], object]) -> None:
    """Serve until Ctrl-C; ready(address) once pages are answered. folder: where projects with keys may be."""
    try:
        import uvicorn

        from .application import application
    except ImportError as error:
        if (error.name or "").startswith("aws_iot_tools"):
            raise
        raise ToolError(_MISSING) from error
    port = sock.getsockname()[1]
    app = application(aws, folder, port, _token(), lambda: ready(address(port)))
    config = uvicorn.Config(app, log_level="error", timeout_graceful_shutdown=2, ws_max_size=1 << 20)
    with contextlib.suppress(asyncio.CancelledError):
        uvicorn.Server(config).run(sockets=[sock])


def _is_console(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
    try:
        connection.request("GET", WHO, headers={"Cookie": f"thing-console-{port}={_token()}"})
        return "console" in json.loads(connection.getresponse().read(1000))
    except (OSError, ValueError, TypeError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _token() -> str:
    """The user's own: kept, so that pages that are open find a console that was started again."""
    path = state.folder("console") / "token"
    if not path.exists():
        journal.write(path, secrets.token_urlsafe(32), journal.SECRET)
    return path.read_text(encoding="utf-8")
