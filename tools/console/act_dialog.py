"""Acting on what was chosen: what is wanted, then what that will do and by which command, then the doing."""

from __future__ import annotations

from collections.abc import Callable

from nicegui import ui

from ..cloud.aws import Aws
from ..fleet import acts
from ..fleet.acts import Plan, Targets
from ..fota.rollout import Pace
from ..fota.start import Order
from .hub import Hub
from .parts import command, told

Make = Callable[[Aws], Plan]


def desired(hub: Hub, targets: Targets) -> None:
    """A desired value for all of them."""
    with _Dialog(hub, targets, "Set a desired value") as dialog:
        text = _json("desired state", '{"led": "on"}')
        dialog.plans(lambda aws: acts.desired(aws, targets, text.value))


def job(hub: Hub, targets: Targets) -> None:
    """A job for all of them."""
    with _Dialog(hub, targets, "Start a job") as dialog:
        text = _json("job document", '{"operation": "reboot"}')
        pace = _pace()
        dialog.plans(lambda aws: acts.job(aws, targets, text.value, pace()))


def update(hub: Hub, targets: Targets) -> None:
    """Another firmware for all of them."""
    with _Dialog(hub, targets, "Update the firmware") as dialog:
        fields = [
            ui.input(label).classes("w-full").props("dense outlined")
            for label in ("folder or image on this computer", "S3 bucket", "IAM role that may read it")
        ]
        fields[0].value = str(hub.folder)
        signer = ui.input("key to sign with (a file; none: not signed)").classes("w-full").props("dense outlined")
        pace = _pace()

        def make(aws: Aws) -> Plan:
            names, group = targets.of_job()
            firmware, bucket, role = (field.value.strip() for field in fields)
            order = Order(names, firmware, bucket, role, group, signer=signer.value.strip() or None, pace=pace())
            return acts.update(aws, order, targets)

        dialog.plans(make)


KINDS = {"Set desired": desired, "Start job": job, "Update firmware": update}


class _Dialog:
    """A context manager: what is made inside are its fields; plans() gives what they mean."""

    def __init__(self, hub: Hub, targets: Targets, title: str) -> None:
        self._hub, self._targets = hub, targets
        self._plan: Plan | None = None
        self._dialog = ui.dialog().props('aria-label="act on things"')
        with self._dialog, ui.card().classes("w-full max-w-2xl"):
            ui.label(f"{title}: {targets.words() if targets.names else 'no things chosen'}").classes("text-lg")
            self._fields = ui.column().classes("w-full")
            self._answer = ui.column().classes("w-full")
            with ui.row().classes("w-full justify-end"):
                ui.button("cancel", on_click=self._dialog.close).props("flat")
                self._look = ui.button("what will this do?", on_click=told(self._ask))
                self._do = ui.button("do it", on_click=self._carry_out)
        self._do.set_visibility(False)

    def __enter__(self) -> _Dialog:
        self._fields.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self._fields.__exit__(*_)
        self._dialog.open()

    def plans(self, make: Make) -> None:
        self._make = make

    async def _ask(self) -> None:
        self._answer.clear()
        self._look.disable()
        try:
            self._plan = await self._hub.ask(self._make)
        finally:
            self._look.enable()
        with self._answer:
            ui.label(f"This {self._plan.words}.").mark("will")
            ui.label("The same at a terminal:")
            command(self._plan.command)
        self._fields.set_visibility(False)
        self._look.set_visibility(False)
        self._do.set_visibility(True)

    def _carry_out(self) -> None:
        assert self._plan
        self._dialog.close()
        run = self._hub.carry_out(self._plan)
        ui.navigate.to(f"/runs/{run.number}")


def _json(label: str, example: str) -> ui.textarea:
    field = ui.textarea(label, placeholder=example).classes("w-full font-mono").props("outlined autogrow")
    return field.props('input-style="font-family: monospace"')


def _pace() -> Callable[[], Pace]:
    """Fields for rate and abort rule."""
    with ui.row():
        rate = ui.number("at most … a minute", min=1, max=1000, precision=0).classes("w-52")
        abort = ui.number("end it when … % fail", min=1, max=100).classes("w-52")
        for field in (rate, abort):
            field.props("dense outlined clearable")
    return lambda: Pace(int(rate.value) if rate.value else None, float(abort.value) if abort.value else None)
