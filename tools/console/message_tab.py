"""The messages on a thing's topics as they pass."""

from __future__ import annotations

import asyncio
import json
import time
from collections import deque

from nicegui import ui

from aws_iot.topics import check_filter

from ..cloud.feed import Message
from ..errors import ToolError
from ..fleet.follower import Follower
from ..main import sentence
from .hub import Hub
from .parts import told

_KEPT = 100
_SHOWN = 2000  # characters of a payload


def build(hub: Hub, thing: str) -> None:
    _MessageTab(hub, thing)


class _MessageTab:
    def __init__(self, hub: Hub, thing: str) -> None:
        self._hub = hub
        self._follower: Follower | None = None
        self._messages: deque[dict[str, object]] = deque(maxlen=_KEPT)
        self._count = 0
        with ui.row().classes("w-full items-center gap-3"):
            self._filters = ui.input("topic filters, with spaces between", value=f"dt/{thing}/# cmd/{thing}/#")
            self._filters.classes("grow").props("dense outlined")
            self._button = ui.button("listen", on_click=told(self._toggle))
        self._state = ui.label("not listening").props("role=status").mark("messages")
        columns = [
            {"name": name, "label": name, "field": name, "align": "left"} for name in ("time", "topic", "payload")
        ]
        self._table = ui.table(columns=columns, rows=[], row_key="number").classes("w-full")
        self._table.props("flat dense wrap-cells").style("overflow-wrap: anywhere")
        ui.context.client.on_delete(self._stop)

    async def _toggle(self) -> None:
        if self._follower:
            self._stop()
            self._state.set_text("not listening")
            return
        filters = self._filters.value.split()
        if not filters:
            raise ToolError("no topic filter is given; for example: dt/lamp/#")
        for each in filters:
            try:
                check_filter(each)
            except ValueError as error:
                raise ToolError(str(error)) from error
        loop = asyncio.get_running_loop()

        def hear(message: Message | None) -> None:
            loop.call_soon_threadsafe(self._heard, message)

        def say(words: str) -> None:
            loop.call_soon_threadsafe(self._said, words)

        self._button.set_text("stop")
        self._said("connecting")
        self._follower = Follower(self._hub.aws, filters, hear, say, sentence)
        self._follower.__enter__()

    def _stop(self) -> None:
        follower, self._follower = self._follower, None
        if follower:
            follower.__exit__()
        self._button.set_text("listen")

    def _said(self, words: str) -> None:
        self._state.set_text(words or "listening")

    def _heard(self, message: Message | None) -> None:
        if message is None:
            return
        topic, payload = message
        self._count += 1
        now = time.strftime("%H:%M:%S")
        self._messages.appendleft({"number": self._count, "time": now, "topic": topic, "payload": readable(payload)})
        self._table.rows = list(self._messages)


def readable(payload: bytes) -> str:
    """A payload for a person: JSON as it is, other text, else bytes in hexadecimal."""
    try:
        text = payload.decode()
        shown = json.dumps(json.loads(text), ensure_ascii=False)
    except UnicodeDecodeError:
        shown = f"{len(payload)} bytes: {payload.hex(' ')}"
    except ValueError:
        shown = text
    return shown if len(shown) <= _SHOWN else f"{shown[:_SHOWN]}… ({len(payload)} bytes in all)"
