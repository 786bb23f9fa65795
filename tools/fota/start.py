"""A firmware update from its order to its job: first everything is looked at, then it is made."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import ToolError
from ..shapes import Json, Progress, Say
from ..things import jobs
from ..things.place import check_target
from . import firmware as images
from . import rollout

if TYPE_CHECKING:
    from ..cloud.aws import Aws

_SHOWN = 5


@dataclass(frozen=True)
class Order:
    """What is wanted: which things (or groups) are to run which firmware, and how it comes to them."""

    names: tuple[str, ...]
    firmware: str
    bucket: str
    role: str
    group: bool = False
    duration_s: int = 3600
    signer: str | None = None
    version: str | None = None
    board: str | None = None
    module: str | None = None
    force: bool = False
    counter: int = 0
    stream: bool = False
    pace: rollout.Pace = field(default_factory=rollout.Pace)


@dataclass(frozen=True)
class Ready:
    """An order that was looked at: nothing is made yet."""

    order: Order
    made: images.Firmware
    signature: str | None
    targets: list[str]
    things: list[str]
    role: str
    bucket: str
    key: str
    job: str


def prepare(aws: Aws, order: Order, warn: Say) -> Ready:
    """Look at all that the update needs; ToolError for what would fail."""
    made = images.load(order.firmware, order.version, order.board, order.module)
    signature = images.sign(made, images.read_key(order.signer), order.force, order.counter) if order.signer else None
    targets = rollout.target_arns(aws, order.names, order.group)
    folder = _folder(order)
    for name, target in zip(order.names, targets, strict=True):
        noted = check_target(folder, name, target)
        if noted:
            images.check_board(made, name, noted)
    things = [thing for name in order.names for thing in (rollout.members(aws, name) if order.group else [name])]
    if not order.force:
        _check_versions(aws, things, made.version, warn)
    role = rollout.role_arn(aws, order.role)
    job = rollout.job_name("-".join(order.names), made)
    bucket, key = rollout.place(order.bucket, job)
    rollout.check_bucket(aws, bucket)
    if order.stream:
        rollout.check_streams(aws, job)
    return Ready(order, made, signature, targets, things, role, bucket, key, job)


def start(aws: Aws, ready: Ready, progress: Progress) -> Json:
    """Upload the firmware and create the job; -> {"job", "target", "version", "size", "sha256"}."""
    order, made = ready.order, ready.made
    stream = {"stream": ready.job} if order.stream else {}
    jobs.note(aws, _folder(order), ready.things, ready.job, bucket=ready.bucket, key=ready.key, **stream)
    rollout.upload(aws, ready.bucket, ready.key, made.data, progress)
    pace = order.pace.options(len(ready.things))
    if order.stream:
        rollout.create_stream(aws, ready.job, ready.bucket, ready.key, ready.role)
        how: Json = {"stream": ready.job}
        signing: Json = {}
    else:
        how = {"url": rollout.url(aws, ready.bucket, ready.key)}
        signing = {"role": ready.role, "duration_s": order.duration_s}
    document = images.document(made, ready.signature, order.force, counter=order.counter, **how)
    rollout.create_job(aws, ready.job, ready.targets, document, pace=pace, **signing)
    target = ",".join(ready.targets)
    return {"job": ready.job, "target": target, "version": made.version, "size": len(made.data), "sha256": made.sha256}


def _folder(order: Order) -> Path:
    """Where the project of the things is, if it is here."""
    return Path(order.firmware) if Path(order.firmware).is_dir() else Path()


def _check_versions(aws: Aws, names: list[str], version: str, warn: Say) -> None:
    """Boards refuse what is not newer: say so before the job, where it is known."""
    late = rollout.check_order(aws, names, version)
    some = f"{', '.join(late[:_SHOWN])}{', ...' if len(late) > _SHOWN else ''}"
    if late == names:
        raise ToolError(
            f"version {version} is not newer than what {some} took last, and boards refuse such a one: "
            "raise it, or pass --force"
        )
    if late:
        warn(f"{some} took version {version} or a newer one before, and will refuse this")
