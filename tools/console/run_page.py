"""How something that is done to many things goes on: bars for each status, and who failed, with the reason."""

from __future__ import annotations

from nicegui import ui

from .hub import Hub, Run
from .parts import command, frame, listen

_COLOURS = {"SUCCEEDED": "positive", "WRITTEN": "positive", "IN_PROGRESS": "primary", "QUEUED": "grey"}
_FAILURES = 200  # that are listed
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
        ui.label("Failed").classes("text-lg")
        self._failed = ui.table(columns=columns, rows=[], row_key="thing", pagination=25).classes("w-full")
        self._failed.props("flat dense wrap-cells").add_slot("body-cell-thing", _LINK)
        self._seen: object = None
        listen(hub, lambda event: self._show())
        self._show()

    def _show(self) -> None:
        run = self._run
        counts = run.counts()
        now = (sum(counts.values()), dict(counts), run.over, run.error)
        if now == self._seen:
            return
        self._seen = now
        self._state.set_text(run.words())
        total = max(run.plan.total, len(run.steps)) or 1
        self._bars.clear()
        with self._bars:
            for status, number in sorted(counts.items()):
                ui.label(f"{status}: {number} of {total}")
                bar = ui.linear_progress(number / total, show_value=False, size="12px")
                bar.props(f"color={_COLOURS.get(status, 'negative')} aria-label={status}")
        self._failed.rows = [
            {"thing": thing, "status": status, "reason": reason} for thing, status, reason in run.failures()[:_FAILURES]
        ]
