"""Firmware on its way: uploaded to S3, and the job that takes it to a thing or to a group, watched to its end."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError, ParamValidationError

from aws_iot.fota import versions
from aws_iot.jobs.job import OVER

from ..cloud import aws as aws_errors
from ..cloud import local_aws
from ..errors import ToolError
from ..shapes import Executions, Json, Progress, Say
from ..spelling import meant
from ..things import single

if TYPE_CHECKING:
    from ..cloud.aws import Aws
    from .firmware import Firmware

_ASKED = 20  # things whose version is looked up before an update of a group
_LOOKED_AT = 10  # of a thing's last jobs, to find an update among
_PART_BYTES = 8 * 1024 * 1024
_JOB_OVER = ("COMPLETED", "CANCELED", "DELETION_IN_PROGRESS")
# Of one job: https://docs.aws.amazon.com/iot/latest/apireference/API_AssociateTargetsWithJob.html, read on 2026-11-30
_MOST_TARGETS = 100
_ENDED_BEFORE_ABORT = 5  # or all, where there are fewer


@dataclass(frozen=True)
class Pace:
    """How many boards a minute a job is given to, and at what share of failures, in percent, AWS cancels the rest.

    https://docs.aws.amazon.com/iot/latest/developerguide/jobs-configurations-details.html
    """

    per_minute: int | None = None
    abort_at: float | None = None

    def options(self, boards: int) -> Json:
        """Arguments of CreateJob for a job of so many boards."""
        found: Json = {}
        if self.per_minute:
            found["jobExecutionsRolloutConfig"] = {"maximumPerMinute": self.per_minute}
        if self.abort_at:
            rule = {"failureType": "ALL", "action": "CANCEL", "thresholdPercentage": self.abort_at}
            ended = max(1, min(_ENDED_BEFORE_ABORT, boards))
            found["abortConfig"] = {"criteriaList": [{**rule, "minNumberOfExecutedThings": ended}]}
        return found

    def words(self) -> str:
        """", at most 10 a minute, ended by AWS when 20 % fail"; nothing where it has no limits."""
        rate = f", at most {self.per_minute} a minute" if self.per_minute else ""
        return rate + (f", ended by AWS when {self.abort_at:g} % fail" if self.abort_at else "")


def role_arn(aws: Aws, role: str) -> str:
    """The role that AWS IoT takes to read the bucket; ToolError unless AWS IoT may take it."""
    name = role.rsplit("/", 1)[-1]
    try:
        found = aws.client("iam").get_role(RoleName=name)["Role"]
    except ClientError as error:
        if aws_errors.code(error) in ("NoSuchEntity", "NoSuchEntityException"):
            how = "`thing docs fota once-the-role` tells how to make it"
            raise ToolError(f"there is no IAM role {name}: {how}") from error
        raise
    if "iot.amazonaws.com" not in json.dumps(found.get("AssumeRolePolicyDocument", "")):
        raise ToolError(f"role {name} does not let AWS IoT take it: its trust policy must name iot.amazonaws.com")
    return found["Arn"]


def target_arns(aws: Aws, names: Sequence[str], group: bool = False) -> list[str]:
    """The ARNs of things, or of thing groups; ToolError for more than a job takes."""
    if len(names) > _MOST_TARGETS:
        raise ToolError(
            f"a job takes {_MOST_TARGETS} targets, these are {len(names)}: put the things into a thing group "
            "(`aws iot add-thing-to-thing-group`), which is one"
        )
    return [target_arn(aws, name, group) for name in names]


def target_arn(aws: Aws, name: str, group: bool = False) -> str:
    """The ARN of a thing, or of a thing group."""
    if not group:
        return single.known(aws, name)["thingArn"]
    try:
        return aws.iot.describe_thing_group(thingGroupName=name)["thingGroupArn"]
    except ClientError as error:
        if aws_errors.missing(error):
            raise ToolError(f"there is no thing group {name} in {aws.region}") from error
        raise


def members(aws: Aws, group: str) -> list[str]:
    """The things of a group, which must have some: the job is for those that are in it now."""
    found = list(_members(aws, group))
    if not found:
        raise ToolError(f"thing group {group} has no things: nothing would be updated")
    return found


def check_order(aws: Aws, names: list[str], version: str) -> list[str]:
    """Of these things those that have this version or a newer one already, by what their last updates said.

    Such boards refuse it. Only the first are asked for: a group may be large, and the boards know best.
    """
    with ThreadPoolExecutor(aws_errors.WORKERS) as pool:
        running = list(pool.map(lambda name: running_version(aws, name), names[:_ASKED]))
    return [name for name, found in zip(names, running, strict=False) if found and not _newer(version, found)]


def _newer(version: str, found: str) -> bool:
    try:
        return versions.newer(version, found)
    except ValueError:  # what the board has has no place in the order, so nobody knows
        return True


def running_version(aws: Aws, thing: str) -> str | None:
    """The version that a thing's last update has brought it, or None when there was none, or none that told."""
    arguments = {"thingName": thing, "status": "SUCCEEDED"}
    rows = [
        (row["jobExecutionSummary"].get("lastUpdatedAt"), row["jobId"])
        for row in aws_errors.pages(aws.iot.list_job_executions_for_thing, "executionSummaries", **arguments)
    ]
    for _, job_id in sorted(rows, key=lambda row: str(row[0]), reverse=True)[:_LOOKED_AT]:
        execution = aws.iot.describe_job_execution(jobId=job_id, thingName=thing)["execution"]
        told = execution.get("statusDetails", {}).get("detailsMap", {}).get("version")
        if told:
            return str(told)
    return None


def _members(aws: Aws, group: str) -> Iterator[str]:
    """The things of a group and of those below it; AWS may give an empty page before one that is not."""
    return aws_errors.pages(aws.iot.list_things_in_thing_group, "things", thingGroupName=group, recursive=True)


def place(where: str, name: str) -> tuple[str, str]:
    """Bucket and key of an object: where is a bucket, or s3://bucket, with or without a prefix."""
    bucket, _, prefix = where.removeprefix("s3://").partition("/")
    prefix = prefix.strip("/")
    return bucket, f"{prefix}/{name}" if prefix else name


def check_bucket(aws: Aws, bucket: str) -> None:
    """ToolError unless the bucket is in the region of the things: AWS IoT signs URLs for its own, and takes streams
    from there alone (https://docs.aws.amazon.com/iot/latest/developerguide/create-manage-jobs-presigned-URLs.html)."""
    try:
        found = aws.client("s3").get_bucket_location(Bucket=bucket)["LocationConstraint"]
    except ClientError as error:
        if aws_errors.code(error) == "NoSuchBucket":
            raise ToolError(f"there is no bucket {bucket} in this account") from error
        return  # who may not ask for it may still be allowed to write; S3 tells the rest
    except ParamValidationError as error:
        raise ToolError(f"{bucket!r} is no name of a bucket") from error
    region = {None: "us-east-1", "": "us-east-1", "EU": "eu-west-1"}.get(found, found)
    if region != aws.region:
        raise ToolError(
            f"the bucket {bucket} is in the region {region}, the things are in {aws.region}: boards would be refused "
            "there; take a bucket in the things' region"
        )


def check_streams(aws: Aws, name: str) -> None:
    """ToolError where there are no streams, as in the local AWS without a Mosquitto."""
    if local_aws.serving(aws):
        try:
            aws.iot.describe_stream(streamId=name)
        except ClientError as error:
            if aws_errors.lacking(error):
                raise ToolError(
                    "the local AWS has no streams: leave out --stream, boards fetch it by HTTP; or start it by "
                    "`thing cloud up --mosquitto`, behind which there are some"
                ) from error
            if not aws_errors.missing(error):
                raise


def upload(aws: Aws, bucket: str, key: str, data: bytes, progress: Progress) -> None:
    """Put the firmware into the bucket; progress(total) is a context manager to call once per 64 KB."""
    import io

    from boto3.s3.transfer import TransferConfig

    step = 65536
    with progress(-(-len(data) // step)) as advance:
        state = {"sent": 0}

        def sent(count: int) -> None:
            before, state["sent"] = state["sent"] // step, state["sent"] + count
            for _ in range(state["sent"] // step - before):
                advance()

        config = TransferConfig(multipart_threshold=_PART_BYTES, use_threads=False, io_chunksize=step)
        try:
            aws.client("s3").upload_fileobj(io.BytesIO(data), bucket, key, Callback=sent, Config=config)
        except Exception as error:
            if "NoSuchBucket" in str(error):
                raise ToolError(f"there is no bucket {bucket} in this account") from error
            raise
        if len(data) % step:
            advance()


def job_name(target: str, firmware: Firmware) -> str:
    """A name for job, object and stream that tells what is in it and is used once."""
    words = f"fota-{target}-{firmware.version}-{time.time_ns() // 1000000}"
    return re.sub(r"[^a-zA-Z0-9_-]", "-", words)[-64:]


def url(aws: Aws, bucket: str, key: str) -> str:
    """The object's URL as AWS IoT takes it in a placeholder."""
    return f"https://s3.{aws.region}.amazonaws.com/{bucket}/{key}"


def create_stream(aws: Aws, name: str, bucket: str, key: str, role: str) -> str:
    """A stream of the one file; -> its id."""
    place = {"bucket": bucket, "key": key}
    aws.iot.create_stream(streamId=name, files=[{"fileId": 0, "s3Location": place}], roleArn=role)
    return name


def create_job(
    aws: Aws,
    job_id: str,
    target: str | list[str],
    job_document: Json,
    role: str | None = None,
    duration_s: int = 3600,
    pace: Json | None = None,
) -> None:
    """Create the job for one target or several; with a role its presigned URLs live for duration_s once a board has
    asked. pace: what Pace.options() gives."""
    options = {"presignedUrlConfig": {"roleArn": role, "expiresInSec": duration_s}} if role else {}
    targets = [target] if isinstance(target, str) else target
    document = json.dumps(job_document)
    aws.iot.create_job(
        jobId=job_id, targets=targets, document=document, targetSelection="SNAPSHOT", **options, **(pace or {})
    )


def executions(aws: Aws, job_id: str) -> Executions:
    """The job's executions: {thing: (status, details)}."""
    found = {}
    for summary in aws_errors.pages(aws.iot.list_job_executions_for_job, "executionSummaries", jobId=job_id):
        name = summary["thingArn"].rsplit("/", 1)[-1]
        try:
            details = aws.iot.describe_job_execution(jobId=job_id, thingName=name)["execution"]
        except ClientError as error:
            if not aws_errors.missing(error):
                raise
            continue  # its thing was deleted meanwhile
        found[name] = (details["status"], details.get("statusDetails", {}).get("detailsMap", {}))
    return found


def check_job(aws: Aws, job_id: str) -> None:
    """ToolError unless there is such a job."""
    try:
        aws.iot.describe_job(jobId=job_id)
    except ClientError as error:
        if aws_errors.missing(error):
            some = [job["jobId"] for job in aws.iot.list_jobs(maxResults=100)["jobs"]]
            raise ToolError(f"there is no job {job_id} in {aws.region}{meant(job_id, some)}") from error
        raise


def watch(
    aws: Aws,
    job_id: str,
    say: Say = lambda text: None,
    interval_s: float = 2.0,
    sleep: Callable[[float], object] = time.sleep,
) -> Iterator[tuple[str, str, Json]]:
    """Each change of the job's executions as (thing, status, details), until all have ended and none can come.

    AWS makes them little by little: that all there are have ended tells nothing before the job is over, too. And a job
    that was canceled may have boards that go on with it.
    """

    def look() -> tuple[bool, Executions]:
        # Asked for first: the executions then are all that there will be.
        over = aws.iot.describe_job(jobId=job_id)["job"]["status"] in _JOB_OVER
        return over, executions(aws, job_id)

    seen: Executions = {}
    while True:
        over, now = aws_errors.patiently(look, say)
        for name, state in now.items():
            if seen.get(name) != state:
                yield name, *state
        seen = now
        if over and all(status in OVER for status, _ in now.values()):
            return
        sleep(interval_s)
