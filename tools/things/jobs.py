"""The jobs that were started for a project's things, with the object and the stream of an update: noted before they are
made, so that clean-up finds them. The bucket and the role are the user's own."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from ..cloud import aws as aws_errors
from ..shapes import Json
from . import place
from .project import CONFIG, Project

if TYPE_CHECKING:
    from ..cloud.aws import Aws


def note(aws: Aws, folder: Path, names: Iterable[str], job: str, **made: Any) -> None:
    """Note a job for things of the project in a folder, and what is made with it: "bucket" and "key", "stream"."""
    project = Project(folder)
    if not (folder / CONFIG).is_file() or not set(names) & set(project.things()):
        return  # for others' things: nobody here takes that back
    with project.lock(wait=True):
        place.check(aws, project)
        project.change_state(jobs={**noted(project.state()), job: made})


def noted(state: Json) -> dict[str, Json]:
    """What a project's state tells: {job: what was made with it}."""
    return dict(state.get("jobs") or {})


def delete(aws: Aws, project: Project, *jobs: str) -> None:
    """Delete jobs, under way or not, and what was made with each; its note goes last.

    https://docs.aws.amazon.com/iot/latest/apireference/API_DeleteJob.html
    """
    for job in jobs:
        made = noted(project.state())[job]
        _gone(aws.iot.delete_job, jobId=job, force=True)
        if made.get("stream"):
            _gone(aws.iot.delete_stream, streamId=made["stream"])
        if made.get("key"):
            account = aws.arn_prefix.split(":")[4]  # S3 refuses where the bucket is another's by now
            call = aws.client("s3").delete_object
            _gone(call, Bucket=made["bucket"], Key=made["key"], ExpectedBucketOwner=account)
        left = noted(project.state())
        del left[job]
        project.change_state(jobs=left or None)


def _gone(call: Callable[..., object], **arguments: Any) -> None:
    """Call; what is not there is deleted."""
    try:
        call(**arguments)
    except ClientError as error:
        if not aws_errors.missing(error) and aws_errors.code(error) != "NoSuchBucket":
            raise
