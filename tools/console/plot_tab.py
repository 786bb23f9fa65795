"""How values of a thing's shadow went since the page was opened, and in a file that `thing record` wrote."""

from __future__ import annotations

from collections import deque

from nicegui import events as ui_events
from nicegui import ui

from ..fleet import events, history
from ..shapes import Json
from ..things import shadows
from .hub import Hub
from .parts import listen, told

_LINES = 5000  # that are kept
_MOST_BYTES = 20_000_000  # of a recording


def build(hub: Hub, thing: str) -> None:
    _PlotTab(hub, thing)


class _PlotTab:
    def __init__(self, hub: Hub, thing: str) -> None:
        self._hub, self._thing = hub, thing
        self._lines: deque[Json] = deque(maxlen=_LINES)
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
        self._add(await self._hub.ask(shadows.get, self._thing))

    def _hear(self, event: events.Event | None) -> None:
        if isinstance(event, events.ShadowChanged) and (event.thing, event.shadow) == (self._thing, None):
            self._add(event.document)

    def _add(self, document: Json | None) -> None:
        self._lines.append({"time": history.now(), "state": document and document["state"]})
        self._show()

    async def _read(self, event: ui_events.UploadEventArguments) -> None:
        recorded = history.parse(await event.file.text(), event.file.name)
        self._lines = deque([*recorded, *self._lines], maxlen=_LINES)
        self._show()

    def _show(self) -> None:
        lines = list(self._lines)
        paths = history.values(lines)
        if paths != self._which.options:
            told = [path for path in paths if path.startswith("reported.")]
            self._which.set_options(paths, value=self._which.value or told[:1])
        self._chart.options["series"] = [_series(lines, path) for path in self._which.value or () if path in paths]
        self._chart.update()


def _series(lines: list[Json], path: str) -> Json:
    data = [[when.timestamp() * 1000, value] for when, value in history.points(lines, path)]
    return {"name": path, "type": "line", "step": "end", "data": data}
