"""What the pages have in common: the frame, what is said of errors, texts for values."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

from nicegui import ui

from ..fleet import events
from ..main import sentence
from .hub import Hub

_PRIMARY = "#2878c8"  # read in white on it, and it on white and on black
_MONO = "font-family: monospace; white-space: pre-wrap; overflow-wrap: anywhere"


@contextlib.contextmanager
def frame(hub: Hub, title: str) -> Iterator[None]:
    """A page's head, with where this is and whether live data come, and room for the rest."""
    ui.page_title(title)
    ui.colors(primary=_PRIMARY)
    with ui.header().classes("items-center gap-4 bg-primary text-white"):
        ui.link("things", "/").classes("text-white text-lg no-underline font-bold")
        ui.label(f"{hub.place}").classes("gt-xs")
        ui.space()
        live = ui.label().mark("live").props("role=status")

    def show(event: events.Event | None = None) -> None:
        live.set_text(hub.trouble or "live")

    show()
    listen(hub, show)
    with ui.column().classes("w-full gap-3"):
        yield


def listen(hub: Hub, listener: Callable[[events.Event | None], object]) -> None:
    """Have a listener for as long as the page is open."""
    ui.context.client.on_delete(hub.listen(listener))


def mono(text: str = "") -> ui.label:
    """A text as it is, in letters of one width."""
    return ui.label(text).style(_MONO)


def told(function: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    """What goes wrong in a handler becomes a sentence on the page, and the page goes on."""

    @functools.wraps(function)
    async def safely(*arguments: Any) -> Any:
        try:
            return await function(*arguments)
        except Exception as error:
            ui.notify(sentence(error), type="negative", multi_line=True, timeout=10000, close_button="close")
        return None

    return safely


def command(text: str) -> None:
    """A command that does the same, to be copied."""
    with ui.row().classes("w-full items-center no-wrap"):
        mono(text).classes("grow bg-grey-3 text-black rounded p-2").mark("command")
        ui.button(icon="content_copy", on_click=lambda: ui.clipboard.write(text)).props('flat aria-label="copy"')
