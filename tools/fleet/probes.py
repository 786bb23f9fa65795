"""How a sample is found again where a rule has sent it: a context manager for each kind of target.

None takes away what is others': messages of a queue are let go at once, and only the sample itself is deleted.
"""

from __future__ import annotations

import contextlib
import datetime
import json
import re
import uuid
from typing import TYPE_CHECKING, Any, Protocol

from ..cloud.feed import Feed
from ..things import roles, rule_probes
from ..things.rule_targets import Target

if TYPE_CHECKING:
    from ..cloud.aws import Aws
    from ..things.project import Project

_PAGES = 5  # of a table, of 1 MB each
_CLOCK_S = 60  # by so much this computer's clock may be ahead of AWS's
_SHOWN = 300


class Seen(Protocol):
    """The sample, as the probes know it."""

    mark: str
    begun: float

    def is_in(self, text: str) -> bool: ...


class Probe(contextlib.AbstractContextManager["Probe"]):
    """look() gives what arrived of the sample, or None."""

    def __init__(self, aws: Aws, project: Project, target: Target, sample: Seen) -> None:
        self._aws, self._project, self._target, self._sample = aws, project, target, sample

    def __exit__(self, *_: object) -> None:
        """Nothing was made."""

    def look(self) -> str | None:
        raise NotImplementedError

    def last(self) -> str | None:
        """look() when there is no more time."""
        return self.look()


class _Queue(Probe):
    def __enter__(self) -> Probe:
        self._url = self._target.rest
        return self

    def look(self) -> str | None:
        sqs = self._aws.client("sqs")
        found = sqs.receive_message(QueueUrl=self._url, MaxNumberOfMessages=10, WaitTimeSeconds=1)
        what = None
        for message in found.get("Messages", ()):
            handle = {"QueueUrl": self._url, "ReceiptHandle": message["ReceiptHandle"]}
            if what is None and self._sample.is_in(message["Body"]):
                what = message["Body"][:_SHOWN]
                sqs.delete_message(**handle)
            else:
                sqs.change_message_visibility(**handle, VisibilityTimeout=0)
        return what


class _Topic(_Queue):
    """A topic of SNS tells nobody what it had: a queue subscribes to it, which the end of the test sweeps away."""

    def __enter__(self) -> Probe:
        name = f"thing-rule-{uuid.uuid4().hex}"
        rule_probes.note(self._project, name, self._target.rest)
        sqs, sns = self._aws.client("sqs"), self._aws.client("sns")
        self._url = sqs.create_queue(QueueName=name)["QueueUrl"]
        arn = sqs.get_queue_attributes(QueueUrl=self._url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        sqs.set_queue_attributes(QueueUrl=self._url, Attributes={"Policy": _from_topic(arn, self._target.rest)})
        raw = {"RawMessageDelivery": "true"}
        sns.subscribe(TopicArn=self._target.rest, Protocol="sqs", Endpoint=arn, Attributes=raw)
        return self


class _Function(Probe):
    def look(self) -> str | None:
        name = self._target.rest.split(":")[6]
        logs = self._aws.client("logs")
        since = int(self._sample.begun * 1000)
        found = roles.unless(roles.MISSING, logs.filter_log_events, logGroupName=f"/aws/lambda/{name}", startTime=since)
        lines = [event["message"].strip() for event in (found or {}).get("events", ())]
        self._begun = any(line.startswith("START ") for line in lines)
        if not any(line.startswith("END ") for line in lines):
            return None
        said = [line for line in lines if not re.match(r"(INIT_)?(START|END|REPORT)\b", line)]
        return f"called; it said {said[0][:_SHOWN]!r}" if said else "called"

    def last(self) -> str | None:
        return self.look() or ("called; it has not ended" if self._begun else None)


class _Table(Probe):
    def look(self) -> str | None:
        table = self._aws.client("dynamodb")
        position: dict[str, Any] = {}
        condition: dict[str, Any] = {
            "FilterExpression": "#mark = :mark", "ExpressionAttributeNames": {"#mark": "rule_test"},
            "ExpressionAttributeValues": {":mark": {"S": self._sample.mark}},
        }  # fmt: skip
        for _ in range(_PAGES):
            page = table.scan(TableName=self._target.rest, **condition, **position)
            if page["Items"]:
                return json.dumps({key: next(iter(value.values())) for key, value in page["Items"][0].items()})[:_SHOWN]
            if "LastEvaluatedKey" not in page:
                return None
            position = {"ExclusiveStartKey": page["LastEvaluatedKey"]}
        return None


class _Object(Probe):
    def look(self) -> str | None:
        bucket, _, key = self._target.rest.partition("/")
        s3 = self._aws.client("s3")
        since = datetime.datetime.fromtimestamp(self._sample.begun - _CLOCK_S, datetime.timezone.utc)
        found = s3.list_objects_v2(Bucket=bucket, Prefix=key.partition("${")[0])
        for each in found.get("Contents", ()):
            if each["LastModified"] >= since:
                body = s3.get_object(Bucket=bucket, Key=each["Key"])["Body"].read(1 << 17).decode(errors="replace")
                if self._sample.is_in(body):
                    return f"{each['Key']}: {body[:_SHOWN]}"
        return None


class _Republished(Probe):
    def __enter__(self) -> Probe:
        levels = self._target.rest.split("/")
        self._feed = Feed(self._aws, "/".join("+" if "${" in level else level for level in levels)).__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self._feed.__exit__()

    def look(self) -> str | None:
        while message := self._feed.here():
            topic, payload = message[0], message[1].decode(errors="replace")
            if self._sample.is_in(payload):
                return f"{topic}: {payload[:_SHOWN]}"
        return None


KINDS = {
    "sqs": _Queue, "sns": _Topic, "lambda": _Function, "dynamodb": _Table, "s3": _Object, "republish": _Republished,
}  # fmt: skip


def _from_topic(queue: str, topic: str) -> str:
    """A queue's policy: SNS may send to it, for this topic alone."""
    statement = {
        "Effect": "Allow", "Principal": {"Service": "sns.amazonaws.com"},
        "Action": "sqs:SendMessage", "Resource": queue, "Condition": {"ArnEquals": {"aws:SourceArn": topic}},
    }  # fmt: skip
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})
