"""The firmware updates that are running, or wait for their boards: of which job, and how far each thing came."""

from __future__ import annotations

import contextlib
import itertools
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from aws_iot.fota import OPERATIONS
from aws_iot.jobs import details

from ..cloud import aws as aws_errors

if TYPE_CHECKING:
    from ..cloud.aws import Aws

_DESCRIBED = 50  # executions that are asked how far they came: AWS answers ten a second
_STATES = ("QUEUED", "IN_PROGRESS")  # in this order: of two jobs of a thing the one that it works at is told


@dataclass(frozen=True)
class Update:
    """What a thing makes of a job."""

    job: str
    state: str
    progress: int | None = None  # per cent, where the board has told it and AWS was asked


def running(aws: Aws) -> dict[str, Update]:
    """The update of each thing that has one; none where these credentials may not list jobs."""
    try:
        with ThreadPoolExecutor(aws_errors.WORKERS) as pool:
            jobs = [job["jobId"] for job in aws_errors.pages(aws.iot.list_jobs, "jobs", status="IN_PROGRESS")]
            ours = itertools.compress(jobs, pool.map(lambda job: _is_update(aws, job), jobs))
            lists = pool.map(lambda pair: list(_executions(aws, *pair)), list(itertools.product(_STATES, ours)))
            found = dict(itertools.chain.from_iterable(lists))
            begun = [thing for thing, update in found.items() if update.state == "IN_PROGRESS"][:_DESCRIBED]
            found.update(pool.map(lambda thing: (thing, _described(aws, thing, found[thing])), begun))
            return found
    except ClientError as error:
        if aws_errors.denied(error):
            return {}
        raise


def _is_update(aws: Aws, job: str) -> bool:
    with _still_there(), contextlib.suppress(ValueError):
        return details.operation(json.loads(aws.iot.get_job_document(jobId=job)["document"])) in OPERATIONS
    return False


def _executions(aws: Aws, state: str, job: str) -> Iterator[tuple[str, Update]]:
    listing = aws.iot.list_job_executions_for_job
    with _still_there():
        for summary in aws_errors.pages(listing, "executionSummaries", jobId=job, status=state, maxResults=250):
            yield summary["thingArn"].rsplit("/", 1)[-1], Update(job, state)


def _described(aws: Aws, thing: str, update: Update) -> Update:
    with _still_there():
        execution = aws.iot.describe_job_execution(jobId=update.job, thingName=thing)["execution"]
        told = execution.get("statusDetails", {}).get("detailsMap", {}).get("progress", "")
        return replace(update, progress=int(told)) if told.isdecimal() else update
    return update


@contextlib.contextmanager
def _still_there() -> Iterator[None]:
    """Jobs, and things, are deleted meanwhile."""
    try:
        yield
    except ClientError as error:
        if not aws_errors.missing(error):
            raise
