"""A thing's page: a head that is always seen, and a tab for each side of the thing, built when it is opened."""

from __future__ import annotations

from nicegui import ui

from ..errors import ToolError
from ..fleet import events
from ..fleet.acts import Targets
from ..fleet.cells import UNKNOWN
from ..things import names
from . import act_dialog, message_tab, plot_tab, shadow_tab, state_tabs
from .hub import Hub
from .list_page import texts
from .parts import frame, listen

_TABS = {
    "shadows": shadow_tab.build, "plot": plot_tab.build, "messages": message_tab.build, "jobs": state_tabs.jobs,
    "connections": state_tabs.connections, "certificate": state_tabs.certificates, "doctor": state_tabs.doctor,
}  # fmt: skip


def build(hub: Hub) -> None:
    @ui.page("/things/{name}")
    def _(name: str) -> None:
        with frame(hub, name):
            try:
                names.check_thing(name)
            except ToolError as error:
                ui.label(str(error))
                return
            _ThingPage(hub, name)


_HEAD = {"online": "online:", "version": "version", "update": "update:", "heap_free": "free heap", "rssi": "RSSI"}


class _ThingPage:
    def __init__(self, hub: Hub, name: str) -> None:
        self._hub, self._name = hub, name
        ui.label(name).classes("text-2xl").props("role=heading aria-level=1")
        self._words = ui.label().mark("summary").props("role=status")
        with ui.row():
            for words, opens in act_dialog.KINDS.items():
                ui.button(words, on_click=lambda opens=opens: opens(hub, Targets((name,)))).props("dense")
        self._built: set[str] = set()
        with ui.tabs().classes("w-full") as tabs:
            for tab in _TABS:
                ui.tab(tab)
        with ui.tab_panels(tabs, value="shadows", keep_alive=True).classes("w-full"):
            self._panels = {tab: ui.tab_panel(tab).classes("p-0") for tab in _TABS}
        tabs.on_value_change(lambda event: self._open(event.value))
        self._open("shadows")
        listen(hub, self._hear)
        self._show()

    def _open(self, tab: str) -> None:
        if tab not in self._built:
            self._built.add(tab)
            with self._panels[tab]:
                _TABS[tab](self._hub, self._name)

    def _hear(self, event: events.Event | None) -> None:
        if event is None or event.thing == self._name:
            self._show()

    def _show(self) -> None:
        row = self._hub.table.rows.get(self._name)
        found = texts(row) if row else {}
        told = [f"{words} {found[key]}" for key, words in _HEAD.items() if found.get(key, UNKNOWN) != UNKNOWN]
        self._words.set_text(", ".join(told) if row else "not in the list (yet)")
