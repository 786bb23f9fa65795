"""The list: all things, looked at by search, filter and order, chosen and acted on."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from typing import Any

from nicegui import events, ui

from ..fleet import cells
from ..fleet.acts import Targets
from ..fleet.rows import Row
from ..fleet.table import View
from . import act_dialog
from .hub import Hub
from .parts import frame, listen

_PAGE = 50
_PACE_S = 0.1  # between two looks of the page, however fast things change
_AGES_S = 30  # ages grow by themselves
# name, label, classes: on a telephone only what matters most
_COLUMNS = (
    ("thing", "thing", ""), ("online", "online", ""), ("groups", "groups", "gt-sm"), ("version", "version", "gt-xs"),
    ("reported_at", "last report", "gt-xs"), ("difference", "desired, not reported", "gt-xs"),
    ("update", "update", ""), ("heap_free", "free heap", "gt-sm"), ("rssi", "RSSI", "gt-sm"),
)  # fmt: skip
_CELLS = ("thing", "online", "version", "reported_at", "difference", "update", "heap_free", "rssi")  # of cells.HEADS
_LINK = """<q-td :props="props"><a :href="'/things/' + encodeURIComponent(props.value)">{{ props.value }}</a></q-td>"""
_ONLINE = """<q-td :props="props"><q-icon :name="props.row.known ? 'circle' : 'help_outline'" size="0.7em"
    :color="props.row.up ? 'positive' : 'grey'" aria-hidden="true" /> {{ props.value }}</q-td>"""


def build(hub: Hub) -> None:
    @ui.page("/")
    def _() -> None:
        with frame(hub, "things"):
            _ListPage(hub)


class _ListPage:
    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._view = View()
        self._chosen: set[str] = set()
        self._found: list[Row] = []
        self._due: asyncio.TimerHandle | None = None
        self._shown = 0.0
        self._controls()
        columns = [
            {"name": name, "label": label, "field": name, "sortable": True, "align": "left", "classes": classes,
             "headerClasses": classes} for name, label, classes in _COLUMNS
        ]  # fmt: skip
        pagination = {"page": 1, "rowsPerPage": _PAGE, "rowsNumber": 0, "sortBy": "thing", "descending": False}
        self._table = ui.table(columns=columns, rows=[], row_key="thing", selection="multiple", pagination=pagination)
        self._table.classes("w-full").props("flat dense binary-state-sort hide-selected-banner").props(
            ':rows-per-page-options="[25, 50, 100, 250]"'
        )
        self._table.add_slot("body-cell-thing", _LINK)
        self._table.add_slot("body-cell-online", _ONLINE)
        self._table.on("request", self._asked, ["pagination"])
        self._table.on("selection", self._selected, ["added", "keys"])
        self._acts()
        listen(hub, lambda event: self._soon())
        ui.timer(_AGES_S, self._show)
        ui.keyboard(self._key)
        self._show()

    def _controls(self) -> None:
        with ui.row().classes("w-full items-center gap-3"):
            self._search = ui.input(placeholder="search  ( / )", on_change=self._changed).props(
                'clearable dense outlined debounce=150 aria-label="search"'
            )
            states = {"": "all", "online": "online", "away": "away"}
            self._state = ui.select(states, value="", on_change=self._changed).props(
                'dense aria-label="online or away"'
            )
            self._group = ui.select([""], value="", label="group", on_change=self._changed).props("dense")
            self._group.classes("w-32")
            self._differing = ui.checkbox("not as desired", on_change=self._changed)
            ui.button(icon="refresh", on_click=self._hub.read).props('flat aria-label="read the list again"')
            self._reading = ui.label().props("role=status")

    def _acts(self) -> None:
        with ui.row().classes("items-center gap-3"):
            self._count = ui.label().mark("count")
            self._all = ui.button("choose all found", on_click=self._choose_all).props("flat dense")
            ui.button("choose none", on_click=self._choose_none).props("flat dense")
            for words, opens in act_dialog.KINDS.items():
                ui.button(words, on_click=lambda opens=opens: opens(self._hub, self._targets()))

    def _changed(self) -> None:
        online = {"": None, "online": True, "away": False}[self._state.value]
        search, group = self._search.value or "", self._group.value or None
        self._view = replace(
            self._view, search=search, online=online, group=group, differing=self._differing.value
        )  # fmt: skip
        self._table.pagination["page"] = 1
        self._show()

    def _asked(self, event: events.GenericEventArguments) -> None:
        """Another page, or another order."""
        pagination: dict[str, Any] = event.args["pagination"]
        self._table.pagination.update(pagination)
        self._view = replace(
            self._view, sort=pagination.get("sortBy") or "thing", descending=bool(pagination.get("descending"))
        )
        self._show()

    def _selected(self, event: events.GenericEventArguments) -> None:
        change = self._chosen.update if event.args["added"] else self._chosen.difference_update
        change(event.args["keys"])
        self._show()

    def _choose_all(self) -> None:
        self._chosen.update(row.thing for row in self._found)
        self._show()

    def _choose_none(self) -> None:
        self._chosen.clear()
        self._show()

    def _targets(self) -> Targets:
        """What was chosen; a whole group, where that is what is seen and chosen, as the group."""
        names = tuple(sorted(self._chosen))
        if self._view.group and View(group=self._view.group, sort=self._view.sort) == replace(
            self._view, descending=False
        ):
            members = {row.thing for row in self._found}
            if members == self._chosen:
                return Targets(names, self._view.group)
        return Targets(names)

    def _key(self, event: events.KeyEventArguments) -> None:
        if event.action.keydown and event.key == "/":
            self._search.run_method("focus")

    def _soon(self) -> None:
        """Look again: at once, or after the pace."""
        if self._due is None:
            left = max(0.0, self._shown + _PACE_S - time.monotonic())
            self._due = asyncio.get_running_loop().call_later(left, self._show)

    def _show(self) -> None:
        if self._due:
            self._due.cancel()
        self._due = None
        self._shown = time.monotonic()
        self._found = self._hub.table.look(self._view)
        pagination = self._table.pagination
        size = pagination["rowsPerPage"] or len(self._found)
        start = (pagination["page"] - 1) * size
        page = self._found[start : start + size]
        self._table.pagination = {**pagination, "rowsNumber": len(self._found)}
        self._table.rows = [texts(row) for row in page]
        self._table.selected = [row for row in self._table.rows if row["thing"] in self._chosen]
        self._count.set_text(f"{len(self._chosen)} chosen")
        self._all.set_text(f"choose all {len(self._found)} found")
        self._reading.set_text(self._hub.reading)
        groups = ["", *self._hub.table.groups()]
        if groups != self._group.options:
            self._group.set_options(groups)


def texts(row: Row) -> dict[str, Any]:
    """What the columns show of a row."""
    found = dict(zip(_CELLS, cells.cells(row), strict=True))
    if row.online is False and row.left:
        found["online"] += f": {row.left}"
    return {**found, "groups": ", ".join(row.groups or ()), "up": bool(row.online), "known": row.online is not None}
