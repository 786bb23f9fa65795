"""Bulk registration: AWS itself makes the things, from certificate requests in S3, at its own pace.

https://docs.aws.amazon.com/iot/latest/developerguide/bulk-provisioning.html
Keys are made and kept here as ever. What the task made is known by those keys, so a stop at any moment loses nothing:
the same command takes the running task up again, and `add-things` without --bulk makes what it left.
"""

from __future__ import annotations

import json
import re
import time
import urllib.request
import uuid
from collections.abc import Iterator
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from .. import pki
from ..cloud import aws as aws_errors
from ..errors import ToolError
from ..shapes import Json, Say
from . import additions, creation

if TYPE_CHECKING:
    from ..cloud.aws import Aws
    from .creation import Report
    from .project import Project
    from .record import Record

_POLL_S = 5
_OVER = ("Completed", "Failed", "Cancelled")
_PEM = re.compile(r"-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----")


def template(owner: str, policy_name: str, more: str | None = None) -> Json:
    """The provisioning template, more: with a second policy; a line of the input file gives ThingName and CSR."""
    thing = {"ThingName": {"Ref": "ThingName"}, "AttributePayload": {"project": owner}}
    certificate = {"CertificateSigningRequest": {"Ref": "CSR"}, "Status": "ACTIVE"}
    policies = {"policy": policy_name, **({"additions": more} if more else {})}
    return {
        "Parameters": {"ThingName": {"Type": "String"}, "CSR": {"Type": "String"}},
        "Resources": {
            "thing": {"Type": "AWS::IoT::Thing", "Properties": thing},
            "certificate": {"Type": "AWS::IoT::Certificate", "Properties": certificate},
            **{key: {"Type": "AWS::IoT::Policy", "Properties": {"PolicyName": name}} for key, name in policies.items()},
        },
    }


def add(aws: Aws, project: Project, report: Report, policy_name: str, bucket: str, role_arn: str, say: Say) -> Report:
    """Make the things of a plan by a registration task; -> the report, with what is left and why."""
    records = [record for record in map(project.record, report.names) if not record.get("done")]
    task = project.state().get("task") or project.change_state(task={"bucket": bucket, "key": _key()})["task"]
    if task.get("asked") and not task.get("id"):
        task["id"] = _running(aws, task["key"])
    if not task.get("id"):
        task["id"] = _start(aws, project, records, policy_name, task, role_arn)
    project.change_state(task=task)
    say(f"AWS registers {len(records)} things as task {task['id']}")
    ended = _wait(aws, task["id"], say)
    _take(aws, records, task["id"])
    left = [record for record in records if not record.get("done")]
    report.created, report.left = len(records) - len(left), len(left)
    if left:
        message = ended.get("message") or f"{ended.get('failureCount', 0)} were refused"
        report.failure = ToolError(
            f"the task is {ended['status'].lower()}: {message} (without --bulk they are made from here)"
        )
    project.change_state(task=None)
    aws.client("s3").delete_object(Bucket=task["bucket"], Key=task["key"])
    return creation.conclude(project, report)


def abandon(aws: Aws, project: Project) -> None:
    """Stop an unfinished task and remove its input file."""
    task = project.state().get("task")
    if not task:
        return
    task_id = task.get("id") or (_running(aws, task["key"]) if task.get("asked") else None)
    if task_id:
        try:
            aws.iot.stop_thing_registration_task(taskId=task_id)
        except ClientError as error:
            if aws_errors.code(error) != "InvalidRequestException":  # it has ended
                raise
    try:
        aws.client("s3").delete_object(Bucket=task["bucket"], Key=task["key"])
    except ClientError as error:
        if aws_errors.code(error) != "NoSuchBucket":
            raise
    project.change_state(task=None)


def _key() -> str:
    return f"thing-registration-{uuid.uuid4().hex}.json"


def _running(aws: Aws, key: str) -> str | None:
    """The task that reads this input file, should an earlier run have died right after it had started it."""
    for task in aws_errors.pages(aws.iot.list_thing_registration_tasks, "taskIds"):
        if aws.iot.describe_thing_registration_task(taskId=task)["inputFileKey"] == key:
            return task
    return None


def _start(aws: Aws, project: Project, records: list[Record], policy_name: str, task: Json, role_arn: str) -> str:
    """Keys and journals first, then the requests to S3, then the task."""
    owner, more = project.state()["project"], additions.noted(project.state())
    lines = []
    for record in records:
        if not record.get("requested"):
            record.set(project=owner, policy=policy_name, additions=more, key="ec", requested=time.time())
        if not record.key_path.exists():
            record.save_key(pki.new_key())
        lines.append({"ThingName": record.name, "CSR": pki.request(record.key_path.read_bytes(), record.name)})
    body = "".join(f"{json.dumps(line)}\n" for line in lines)
    aws.client("s3").put_object(Bucket=task["bucket"], Key=task["key"], Body=body.encode())
    text = json.dumps(template(owner, policy_name, more))
    project.change_state(task={**task, "asked": True})
    try:
        started = aws.iot.start_thing_registration_task(
            templateBody=text, inputFileBucket=task["bucket"], inputFileKey=task["key"], roleArn=role_arn
        )
    except ClientError as error:
        if not aws_errors.passing(error):  # there is no task, so none has to be looked for
            project.change_state(task=task)
        raise
    return started["taskId"]


def _wait(aws: Aws, task_id: str, say: Say) -> Json:
    shown = None
    while True:
        found = aws.iot.describe_thing_registration_task(taskId=task_id)
        if found["status"] in _OVER:
            return found
        if found.get("percentageProgress") != shown:
            shown = found.get("percentageProgress")
            say(f"{shown} %: {found.get('successCount', 0)} made, {found.get('failureCount', 0)} refused")
        time.sleep(_POLL_S)


def _certificates(aws: Aws, task_id: str) -> Iterator[str]:
    """The certificates in the task's results, as PEM text. The rest of a result's form AWS does not document."""
    arguments = {"taskId": task_id, "reportType": "RESULTS"}
    for link in aws_errors.pages(aws.iot.list_thing_registration_task_reports, "resourceLinks", **arguments):
        with urllib.request.urlopen(link, timeout=60) as answer:
            for line in answer:
                yield from _PEM.findall(line.decode().replace("\\n", "\n"))


def _take(aws: Aws, records: list[Record], task_id: str) -> None:
    """Give each certificate to the record whose key it fits; a certificate's id is the SHA-256 of its DER form."""
    from cryptography import x509
    from cryptography.hazmat.primitives.hashes import SHA256

    by_key = {pki.public_pem(record.key_path.read_bytes()): record for record in records}
    for pem in _certificates(aws, task_id):
        record = by_key.pop(pki.public_of_certificate(pem), None)
        if record:
            identity = x509.load_pem_x509_certificate(pem.encode()).fingerprint(SHA256()).hex()
            record.save_certificate(f"{aws.arn_prefix}:cert/{identity}", pem)
            record.finish()
