"""What AWS knows of one thing: its shadows, connection, certificates and jobs. What this AWS cannot tell is said."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError
from cryptography import x509

from ..cloud import aws as aws_errors
from ..shapes import Json
from . import connectivity

if TYPE_CHECKING:
    from ..cloud.aws import Aws

_JOBS = 50


@dataclass(frozen=True)
class Certificate:
    """A certificate of a thing: its id, status, days since it was made and until it ends, and its policies' names."""

    id: str
    status: str
    age_days: int
    left_days: int
    policies: list[str]


@dataclass(frozen=True)
class Execution:
    """A job of a thing: how it stands, since when, and what the board tells of it."""

    job: str
    status: str
    at: datetime.datetime | None
    details: Json


def named_shadows(aws: Aws, thing: str) -> tuple[list[str], str]:
    """The names of its named shadows, and why they are not known."""
    try:
        pages = aws_errors.pages(aws.data.list_named_shadows_for_thing, "results", thingName=thing)
        return sorted(pages), ""
    except ClientError as error:
        if aws_errors.lacking(error):
            return [], "the local AWS does not list named shadows: those that change are found, others by their names"
        raise


def connection(aws: Aws, thing: str) -> str:
    """How the thing is connected, or when and why it left, in a sentence."""
    found = connectivity.asked(aws, thing)
    if not found:
        return "AWS does not tell of connections here (the local AWS cannot; else iot:GetConnection is needed)"
    since = found.get("timestamp")
    when = f" since {datetime.datetime.fromtimestamp(since / 1000).astimezone():%Y-%m-%d %H:%M:%S}" if since else ""
    why = connectivity.words(found.get("disconnectReason"))
    return f"connected{when}" if found.get("connected") else f"not connected{when}{f': {why}' if why else ''}"


def certificates(aws: Aws, thing: str) -> list[Certificate]:
    """The certificates of the thing; one principal that is none is left out."""
    principals = aws_errors.pages(aws.iot.list_thing_principals, "principals", thingName=thing)
    return [_certificate(aws, arn) for arn in principals if ":cert/" in arn]


def _certificate(aws: Aws, arn: str) -> Certificate:
    found = aws.iot.describe_certificate(certificateId=arn.rpartition("/")[2])["certificateDescription"]
    policies = [each["policyName"] for each in aws_errors.pages(aws.iot.list_attached_policies, "policies", target=arn)]
    read = x509.load_pem_x509_certificate(found["certificatePem"].encode())
    now = datetime.datetime.now(datetime.timezone.utc)
    age, left = now - read.not_valid_before_utc, read.not_valid_after_utc - now
    return Certificate(found["certificateId"], found["status"], age.days, left.days, policies)


def executions(aws: Aws, thing: str) -> list[Execution]:
    """The thing's last jobs, the newest first."""
    listed = aws.iot.list_job_executions_for_thing(thingName=thing, maxResults=_JOBS)["executionSummaries"]
    found = [_execution(aws, thing, row["jobId"]) for row in listed]
    return sorted(found, key=lambda each: str(each.at), reverse=True)


def _execution(aws: Aws, thing: str, job: str) -> Execution:
    found = aws.iot.describe_job_execution(jobId=job, thingName=thing)["execution"]
    at = next((found[key] for key in ("lastUpdatedAt", "startedAt", "queuedAt") if found.get(key)), None)
    return Execution(job, found["status"], at, found.get("statusDetails", {}).get("detailsMap", {}))
