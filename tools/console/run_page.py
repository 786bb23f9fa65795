"""How something that is done to many things goes on: bars for each status, and who failed, with the reason."""

from __future__ import annotations

from nicegui import ui

from .hub import Hub, Run
from .parts import command, frame, listen

_COLOURS = {"SUCCEEDED": "positive", "WRITTEN": "positive", "IN_PROGRESS": "primary", "QUEUED": "grey"}
_FAILURES = 200  # that are listed
_UNDER_WAY = 20  # things whose own progress is shown
_LINK = """<q-td :props="props"><a :href="'/things/' + encodeURIComponent(props.value)">{{ props.value }}</a></q-td>"""


def build(hub: Hub) -> None:
    @ui.page("/runs/{number}")
    def _(number: int) -> None:
        run = hub.runs.get(number)
        with frame(hub, f"run {number}"):
            if run is None:
                ui.label("This run is not known: the console was started again since. Jobs go on all the same.")
            else:
                _RunPage(hub, run)

    @ui.page("/jobs/{job}")
    def _(job: str) -> None:
        with frame(hub, f"job {job}"):
            _RunPage(hub, hub.watch(job))


class _RunPage:
    def __init__(self, hub: Hub, run: Run) -> None:
        self._run = run
        ui.label(run.plan.words[:1].upper() + run.plan.words[1:]).classes("text-lg")
        command(run.plan.command)
        self._state = ui.label().props("role=status").mark("state")
        self._bars = ui.column().classes("w-full")
        columns = [
            {"name": name, "label": name, "field": name, "align": "left"} for name in ("thing", "status", "reason")
        ]
        self._failed = ui.table(columns=columns, rows=[], row_key="thing", title="Failed", pagination=25)
        self._failed.classes("w-full").props("flat dense wrap-cells").add_slot("body-cell-thing", _LINK)
        self._seen: object = None
        listen(hub, lambda event: self._show())
        self._show()

    def _show(self) -> None:
        run = self._run
        counts = run.counts()
        under_way = run.under_way()
        now = (dict(counts), under_way, run.over, run.error)
        if now == self._seen:
            return
        self._seen = now
        self._state.set_text(run.words())
        total = max(run.plan.total, len(run.steps)) or 1
        self._bars.clear()
        with self._bars:
            for status, number in sorted(counts.items()):
                ui.label(f"{status}: {number} of {total}")
                _bar(status, number / total, _COLOURS.get(status, "negative"))
            for thing, told in under_way[:_UNDER_WAY]:
                ui.label(f"{thing}: {told} %").classes("text-caption")
                _bar(thing, told / 100, "primary")
        self._failed.rows = [
            {"thing": thing, "status": status, "reason": reason} for thing, status, reason in run.failures()[:_FAILURES]
        ]
        self._failed.set_visibility(bool(self._failed.rows))


def _bar(label: str, share: float, colour: str) -> None:
    ui.linear_progress(share, show_value=False, size="12px").props(f'color={colour} aria-label="{label}"')
