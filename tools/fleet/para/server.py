"""The process that serves the API: on this computer's own address alone, for as long as it runs."""

from __future__ import annotations

import contextlib
import importlib.metadata
import socket
import sys
from collections.abc import AsyncIterator, Callable

import anyio.to_thread
import uvicorn
from fastapi import FastAPI

from ... import journal
from ...cloud.aws import WORKERS, Aws
from ...errors import ToolError
from ...shapes import Progress
from ...things import place
from ...things.project import SERVED, Project
from . import app, recovery
from .service import Things
from .store import Store

_HOST = "127.0.0.1"
_END_S = 30  # what a request at work has to end, after Ctrl-C


def serve(aws: Aws, project: Project, port: int, ready: Callable[[str], object], progress: Progress) -> None:
    """Serve until Ctrl-C; ready(url) is called as soon as a request would be answered."""
    listening = listen(port)
    with listening:
        with project.lock():
            place.note(aws, project)
        folder = project.resources / SERVED
        folder.mkdir(mode=0o700, exist_ok=True)
        with journal.lock(folder / recovery.LOCK):
            store = Store(folder)
            try:
                things = Things(aws, project, store)
                recovery.settle(things, progress)
                make(things, listening, ready).run(sockets=[listening])
            finally:
                store.close()


def listen(port: int) -> socket.socket:
    """A socket that has the port; ToolError when another program has it."""
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        if sys.platform != "win32":  # there it would take a port that somebody listens on
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((_HOST, port))
    except OSError as error:
        listening.close()
        raise ToolError(f"port {port} is taken ({error.strerror}): name another one (--port)") from error
    return listening


def make(things: Things, listening: socket.socket, ready: Callable[[str], object]) -> uvicorn.Server:
    """The server of a socket, which is to be run."""
    listening.listen()  # what connects before the server accepts waits
    port = listening.getsockname()[1]
    hosts = [f"{name}:{port}" for name in (_HOST, "localhost")]

    @contextlib.asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        anyio.to_thread.current_default_thread_limiter().total_tokens = WORKERS  # as many as AWS is asked by at a time
        ready(f"http://{_HOST}:{port}")
        yield

    version = importlib.metadata.version("micropython-aws-iot")
    config = uvicorn.Config(
        app.build(things, hosts, version, lifespan), log_level="warning", access_log=False, server_header=False,
        timeout_graceful_shutdown=_END_S,
    )  # fmt: skip
    return uvicorn.Server(config)
