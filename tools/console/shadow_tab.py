"""The shadows of a thing, live; what is desired can be edited."""

from __future__ import annotations

import json
import shlex
import time

from nicegui import ui

from ..errors import ToolError
from ..fleet import about, documents, events
from ..fleet.cells import age
from ..shapes import Json
from ..things import names, shadows
from .hub import Hub
from .parts import command, listen, told

_CLASSIC = "(classic)"
_COLUMNS = ("value", "desired", "reported", "desired at", "reported at")
_ROW = """<q-tr :props="props" :class="props.row.differs ? 'text-weight-bold text-red-5' : ''">
    <q-td v-for="col in props.cols" :key="col.name" :props="props">{{ col.value }}</q-td></q-tr>"""


def build(hub: Hub, thing: str) -> None:
    _ShadowTab(hub, thing)


class _ShadowTab:
    def __init__(self, hub: Hub, thing: str) -> None:
        self._hub, self._thing = hub, thing
        self._document: Json | None = None
        with ui.row().classes("w-full items-center gap-3"):
            self._which = ui.select([_CLASSIC], value=_CLASSIC, label="shadow", on_change=told(self._load))
            self._which.props("dense new-value-mode=add-unique use-input").classes("w-48")
            self._note = ui.label().props("role=status").mark("version")
        self._lacking = ui.label().classes("text-caption")
        columns = [
            {"name": name, "label": name, "field": name, "align": "left",
             "classes": "gt-xs" if " at" in name else "", "headerClasses": "gt-xs" if " at" in name else ""}
            for name in _COLUMNS
        ]  # fmt: skip
        self._table = ui.table(columns=columns, rows=[], row_key="value").classes("w-full").mark("shadow")
        self._table.props("flat dense wrap-cells").add_slot("body", _ROW)
        ui.button("edit desired", icon="edit", on_click=self._edit)
        listen(hub, self._hear)
        ui.timer(0, told(self._begin), once=True)

    @property
    def _name(self) -> str | None:
        return None if self._which.value in (_CLASSIC, None) else self._which.value

    async def _begin(self) -> None:
        await self._load()
        found, lacking = await self._hub.ask(about.named_shadows, self._thing)
        self._which.set_options([_CLASSIC, *found])
        self._lacking.set_text(lacking)

    async def _load(self, _: object = None) -> None:
        if self._name:
            names.check_shadow(self._name)
        self._document = await self._hub.ask(shadows.get, self._thing, self._name)
        self._show()

    def _hear(self, event: events.Event | None) -> None:
        if not isinstance(event, events.ShadowChanged) or event.thing != self._thing:
            return
        if event.shadow and event.shadow not in self._which.options:
            self._which.set_options([*self._which.options, event.shadow])
        if event.shadow == self._name:
            self._document = event.document
            self._show()

    def _show(self) -> None:
        found = documents.lines(self._document)
        self._table.rows = [
            {"value": line.path, "desired": line.desired, "reported": line.reported, "differs": line.differs,
             "desired at": _when(line.desired_at), "reported at": _when(line.reported_at)} for line in found
        ]  # fmt: skip
        if self._document is None:
            self._note.set_text("there is no such shadow yet")
        else:
            differing = sum(line.differs for line in found)
            self._note.set_text(f"version {self._document['version']}, {differing} not as desired")

    def _edit(self) -> None:
        _Edit(self._hub, self._thing, self._name, self._document)


class _Edit:
    """A dialog: the desired state as it was when it was opened, to be changed as JSON."""

    def __init__(self, hub: Hub, thing: str, name: str | None, document: Json | None) -> None:
        self._hub, self._thing, self._name = hub, thing, name
        self._old: Json = ((document or {}).get("state") or {}).get("desired") or {}
        self._version = (document or {}).get("version")
        self._ready = False
        self._dialog = ui.dialog()
        with self._dialog, ui.card().classes("w-full max-w-2xl"):
            ui.label(f"Desired state of {thing}{f', shadow {name}' if name else ''}").classes("text-lg")
            self._text = ui.textarea("JSON", value=json.dumps(self._old, indent=2), on_change=self._check)
            self._text.classes("w-full").props('outlined autogrow input-style="font-family: monospace"')
            self._fault = ui.label().classes("text-negative").props("role=alert").mark("fault")
            self._answer = ui.column().classes("w-full")
            with ui.row().classes("w-full justify-end"):
                ui.button("cancel", on_click=self._dialog.close).props("flat")
                self._write = ui.button("what will this do?", on_click=told(self._step)).mark("step")
        self._check()
        self._dialog.open()

    def _check(self) -> None:
        """Say at once what is wrong with the text; what was going to be done is another thing now."""
        self._ready = False
        self._answer.clear()
        self._write.set_text("what will this do?")
        try:
            self._patch = documents.patch(self._old, shadows.parse_state(self._text.value or ""))
            fault = ""
        except ToolError as error:
            fault = str(error)
        self._fault.set_text(fault)
        self._write.set_enabled(not fault and bool(self._patch))

    async def _step(self) -> None:
        if not self._ready:
            self._tell()
            return
        await self._hub.ask(shadows.set_desired, self._thing, self._patch, self._name, self._version)
        self._dialog.close()
        ui.notify("written", type="positive")

    def _tell(self) -> None:
        text = json.dumps(self._patch)
        option = f" --name {shlex.quote(self._name)}" if self._name else ""
        with self._answer:
            ui.label(f"This writes {text} into what is desired; a null deletes. The same at a terminal:")
            command(f"thing shadow set {self._thing} {shlex.quote(text)}{option}")
        self._write.set_text("write it")
        self._ready = True


def _when(at: int | None) -> str:
    return "" if at is None else f"{time.strftime('%Y-%m-%d %H:%M:%S', time.localtime(at))} ({age(at)})"
