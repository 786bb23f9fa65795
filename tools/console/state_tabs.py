"""The tabs of a thing that ask AWS when they are opened: jobs, connections, certificate, doctor."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from nicegui import ui

from ..cloud.aws import Aws
from ..fleet import about, events, examination
from ..fleet.connectivity import words
from .hub import Hub
from .parts import listen, told


def jobs(hub: Hub, thing: str) -> None:
    """The thing's jobs, read again when one has ended and by a button."""
    table = _table("job", "status", "when", "details")
    table.add_slot(
        "body-cell-job", '<q-td :props="props"><a :href="\'/jobs/\' + props.value">{{ props.value }}</a></q-td>'
    )

    @told
    async def read() -> None:
        found = await hub.ask(about.executions, thing)
        table.rows = [
            {"job": each.job, "status": each.status, "when": each.at and each.at.astimezone().isoformat(" ", "seconds"),
             "details": ", ".join(f"{key}: {value}" for key, value in each.details.items())} for each in found
        ]  # fmt: skip

    _reread(read)

    async def hear(event: events.Event | None) -> None:
        if isinstance(event, events.ExecutionEnded) and event.thing == thing:
            await read()

    listen(hub, lambda event: asyncio.create_task(hear(event)) if event else None)


def connections(hub: Hub, thing: str) -> None:
    """How it is connected now, and how it came and left while the console ran."""
    now = ui.label().mark("connection")
    table = _table("when", "what", "why")

    @told
    async def read() -> None:
        now.set_text(await hub.ask(about.connection, thing))

    def show(event: events.Event | None = None) -> None:
        table.rows = [
            {"when": time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(each.at)),
             "what": "came" if each.online else "left",
             "why": "" if each.online else words(each.why) or "AWS does not say why"}
            for each in hub.table.visits(thing)
        ]  # fmt: skip

    _reread(read)
    listen(hub, show)
    show()


def certificates(hub: Hub, thing: str) -> None:
    """The thing's certificates: age, end, policies."""
    table = _table("certificate", "status", "age", "ends", "policies")

    @told
    async def read() -> None:
        found = await hub.ask(about.certificates, thing)
        table.rows = [
            {"certificate": each.id, "status": each.status, "age": f"{each.age_days} days",
             "ends": _end(each.left_days),
             "policies": ", ".join(each.policies) or "none: it may do nothing"} for each in found
        ]  # fmt: skip

    _reread(read)


def _end(days: int) -> str:
    return f"in {days} days" if days >= 0 else f"{-days} days ago"


def doctor(hub: Hub, thing: str) -> None:
    """The stages of doctor, one by one as they end."""
    ui.label(
        "Asks AWS for the thing, its certificate, policy and connection. Where the thing's key is in a project here, "
        "it then connects as the thing: a board that is connected is cut off for a moment."
    )
    table = _table("stage", "result", "finding")
    rows: list[dict[str, str]] = []

    @told
    async def examine() -> None:
        rows.clear()
        table.rows = []
        button.disable()
        loop = asyncio.get_running_loop()

        def add(stage: str, well: bool, text: str) -> None:
            rows.append({"stage": stage, "result": "ok" if well else "FAIL", "finding": text})
            table.rows = list(rows)

        def report(stage: str, well: bool, text: str) -> None:
            loop.call_soon_threadsafe(add, stage, well, text)

        def ask(aws: Aws) -> bool:
            return examination.examine(aws, thing, hub.folder, report)

        try:
            await hub.ask(ask)
        finally:
            button.enable()

    button = ui.button("examine", on_click=examine)


def _table(*names: str) -> ui.table:
    columns = [{"name": name, "label": name, "field": name, "align": "left"} for name in names]
    table = ui.table(columns=columns, rows=[], row_key=names[0]).classes("w-full")
    return table.props("flat dense wrap-cells").style("overflow-wrap: anywhere")


def _reread(read: Callable[[], object]) -> None:
    """Read at once, and again by a button."""
    ui.timer(0, read, once=True)
    ui.button("read again", icon="refresh", on_click=read).props("flat dense")
