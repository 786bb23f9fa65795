"""How values of a thing's shadow went since the page was opened, and in a file that `thing record` wrote."""

from __future__ import annotations

import time
from typing import Any

from nicegui import events as ui_events
from nicegui import ui

from ..fleet import events
from ..fleet.history import History
from ..things import shadows
from .hub import Hub
from .parts import listen, told

_MOST_BYTES = 20_000_000  # of a recording


def build(hub: Hub, thing: str) -> None:
    _PlotTab(hub, thing)


class _PlotTab:
    def __init__(self, hub: Hub, thing: str) -> None:
        self._hub, self._thing = hub, thing
        self._history = History()
        with ui.row().classes("w-full items-center gap-3"):
            self._which: ui.select = ui.select([], multiple=True, label="values", on_change=self._show).props(
                "use-chips dense"
            )
            self._which.classes("min-w-48")
            ui.upload(
                label="a recording", auto_upload=True, max_file_size=_MOST_BYTES, on_upload=told(self._read)
            ).props('flat bordered accept=".jsonl,.json,.txt"').classes("w-64")
        self._chart = ui.echart(
            {
                "animation": False, "tooltip": {"trigger": "axis"}, "legend": {}, "grid": {"left": 60, "right": 20},
                "xAxis": {"type": "time"}, "yAxis": {"type": "value", "scale": True}, "series": [],
            }
        ).classes("w-full h-80")  # fmt: skip
        listen(hub, self._hear)
        ui.timer(0, told(self._begin), once=True)

    async def _begin(self) -> None:
        document = await self._hub.ask(shadows.get, self._thing)
        if document:
            self._add(time.time(), document["state"])

    def _hear(self, event: events.Event | None) -> None:
        if isinstance(event, events.ShadowChanged) and (event.thing, event.shadow) == (self._thing, None):
            self._add(time.time(), (event.document or {}).get("state") or {})

    async def _read(self, event: ui_events.UploadEventArguments) -> None:
        self._history.read((await event.file.text()).splitlines())
        self._show()

    def _add(self, at: float, state: dict[str, Any]) -> None:
        self._history.add(at, state)
        self._show()

    def _show(self) -> None:
        paths = sorted(self._history.series)
        if paths != self._which.options:
            self._which.set_options(paths, value=self._which.value or paths[:1])
        self._chart.options["series"] = [
            {"name": path, "type": "line", "step": "end", "data": [[at * 1000, value] for at, value in points]}
            for path, points in self._history.series.items() if path in (self._which.value or ())
        ]  # fmt: skip
        self._chart.update()
