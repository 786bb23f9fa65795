"""What is done to many things at once: a desired value, a job, a firmware update. First a plan, which tells what it
will do and by which command, then the doing, told thing by thing."""

from __future__ import annotations

import contextlib
import functools
import json
import re
import shlex
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from ..cloud import aws as aws_errors
from ..errors import ToolError
from ..fota import rollout, start
from ..output import things as number_of
from ..shapes import Json
from ..things import jobs, names, shadows, single

if TYPE_CHECKING:
    from ..cloud.aws import Aws

_MOST_DOCUMENT = 32768  # bytes of a job's document
Step = tuple[str, str, str]  # thing, status, reason


@dataclass(frozen=True)
class Targets:
    """Things by their names, or a thing group."""

    names: tuple[str, ...]
    group: str | None = None

    def check(self) -> None:
        if not self.names:
            raise ToolError("no things were chosen: nothing would be done")
        for name in self.names:
            names.check_thing(name)

    def words(self) -> str:
        if self.group:
            return f"thing group {self.group} ({number_of(len(self.names))} now)"
        if len(self.names) <= 3:
            return ", ".join(self.names)
        return f"{', '.join(self.names[:2])} and {len(self.names) - 2} more"

    def argument(self) -> str:
        """As a command takes them."""
        return self.group or ",".join(self.names)

    def option(self) -> str:
        return " --group" if self.group else ""

    def of_job(self) -> tuple[tuple[str, ...], bool]:
        """Names of what a job is for, and whether they are groups."""
        return ((self.group,), True) if self.group else (self.names, False)


@dataclass(frozen=True)
class Plan:
    """What will be done, in words; the command that does the same; and the doing in two parts.

    begin() makes what there is to make once, steps() yields how it goes on. job: the id that the job has, if it is one.
    """

    words: str
    command: str
    total: int
    begin: Callable[[], object]
    steps: Callable[[], Iterator[Step]]
    job: str | None = None


def targets(aws: Aws, text: str, group: bool) -> Targets:
    """Those of a command's argument: names with commas between, or a thing group, which must have things."""
    return Targets(tuple(rollout.members(aws, text)), text) if group else Targets(tuple(text.split(",")))


def desired(aws: Aws, chosen: Targets, text: str) -> Plan:
    """Write a desired state, given as JSON, into the classic shadow of each."""
    chosen.check()
    state = shadows.parse_state(text)
    if not state:
        raise ToolError('the state is empty, so nothing would change; for example: {"led": "on"}')
    compact = json.dumps(state)
    return Plan(
        f"writes {compact} into the desired state of {chosen.words()}; what else is desired of them stays",
        f"thing update {chosen.argument()} {shlex.quote(compact)}{chosen.option()}",
        len(chosen.names),
        lambda: None,
        lambda: _write(aws, chosen.names, state),
    )


def _write(aws: Aws, things: tuple[str, ...], state: Json) -> Iterator[Step]:
    def one(thing: str) -> Step:
        try:
            single.known(aws, thing)  # AWS would make a shadow for what is no thing any more
            shadows.set_desired(aws, thing, state)
            return thing, "WRITTEN", ""
        except ToolError as error:
            return thing, "FAILED", str(error)
        except (ClientError, BotoCoreError) as error:
            return thing, "FAILED", aws_errors.explain(error)

    with ThreadPoolExecutor(aws_errors.WORKERS) as pool:
        yield from pool.map(one, things)


def job(aws: Aws, chosen: Targets, text: str, pace: rollout.Pace) -> Plan:
    """Start a job whose document is given as JSON."""
    chosen.check()
    document = parse_document(text)
    arns = rollout.target_arns(aws, *chosen.of_job())
    job_id = _job_id(document)
    compact = json.dumps(document)

    def begin() -> None:
        jobs.note(aws, Path(), chosen.names, job_id)
        rollout.create_job(aws, job_id, arns, document, pace=pace.options(len(chosen.names)))

    return Plan(
        f"starts the job {job_id} with {compact} for {chosen.words()}{pace.words()}",
        f"thing job start {chosen.argument()} {shlex.quote(compact)}{chosen.option()}{_limits(pace)} --watch",
        len(chosen.names),
        begin,
        lambda: follow(aws, job_id),
        job_id,
    )


def update(aws: Aws, order: start.Order, chosen: Targets) -> Plan:
    """Start a firmware update; all that can be looked at before is looked at now."""
    chosen.check()
    warnings: list[str] = []
    ready = start.prepare(aws, order, warnings.append)
    made, signed = ready.made, "signed" if ready.signature else "not signed"
    options = chosen.option() + (f" --sign {shlex.quote(order.signer)}" if order.signer else "") + _limits(order.pace)
    places = " ".join(map(shlex.quote, (order.firmware, order.bucket, order.role)))
    more = "".join(f"; {each}" for each in warnings)
    return Plan(
        f"uploads version {made.version} ({len(made.data)} bytes, {signed}) to {ready.bucket} and starts the update "
        f"{ready.job} of {chosen.words()}{order.pace.words()}{more}",
        f"thing fota {chosen.argument()} {places}{options} --watch",
        len(chosen.names),
        lambda: start.start(aws, ready, lambda total: contextlib.nullcontext(lambda: None)),
        lambda: follow(aws, ready.job),
        ready.job,
    )


def watching(aws: Aws, job_id: str) -> Plan:
    """No act, but the watching of a job that there is."""

    look = functools.partial(rollout.check_job, aws, job_id)
    return Plan(f"watches the job {job_id}", f"thing job watch {job_id}", 0, look, lambda: follow(aws, job_id), job_id)


def follow(aws: Aws, job_id: str) -> Iterator[Step]:
    """How a job goes on, from now to its end."""
    for thing, status, details in rollout.watch(aws, job_id):
        progress = f"{details['progress']} %" if "progress" in details and status == "IN_PROGRESS" else ""
        yield thing, status, str(details.get("reason", progress))


def parse_document(text: str) -> Json:
    """The document of a job in an argument; ToolError when it is none that boards or AWS take."""
    try:
        document = json.loads(text)
    except json.JSONDecodeError as error:
        raise ToolError(f"the job's document is no valid JSON ({error.msg} at column {error.colno})") from error
    if not isinstance(document, dict) or not isinstance(document.get("operation"), str):
        raise ToolError('the job\'s document must be an object that names what is to be done: {"operation": "reboot"}')
    if len(text.encode()) > _MOST_DOCUMENT:
        raise ToolError(f"the job's document has {len(text.encode())} bytes, AWS takes {_MOST_DOCUMENT}")
    return document


def _job_id(document: Json) -> str:
    words = f"{document['operation']}-{time.time_ns() // 1000000}"
    return re.sub(r"[^a-zA-Z0-9_-]", "-", words)[-64:]


def _limits(pace: rollout.Pace) -> str:
    rate = f" --rate {pace.per_minute}" if pace.per_minute else ""
    return rate + (f" --abort-at {pace.abort_at:g}" if pace.abort_at else "")
