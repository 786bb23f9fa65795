"""The application that is served: NiceGUI's pages and the console's routes, behind the guard."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import TYPE_CHECKING

from fastapi import FastAPI
from nicegui import ui

from . import list_page, run_page, thing_page
from .guard import Application, Guard
from .hub import Hub
from .server import WHO

if TYPE_CHECKING:
    from ..cloud.aws import Aws


def application(aws: Aws, folder: Path, port: int, token: str, ready: Callable[[], object]) -> Application:
    """The whole of it; ready() is called when it answers."""
    hub = Hub(aws, folder)

    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        hub.start()
        ready()
        yield
        hub.stop()

    app = FastAPI(title="thing console", lifespan=lifespan)

    @app.get(WHO)
    def who() -> dict[str, str]:
        return {"console": str(folder.resolve())}

    for page in (list_page, thing_page, run_page):
        page.build(hub)
    ui.run_with(app, title="things", dark=None, show_welcome_message=False, reconnect_timeout=30)
    return Guard(app, port, token)
