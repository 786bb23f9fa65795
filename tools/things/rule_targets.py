"""Where a rule sends what it selects: the action, and the least right that it needs for that (pure).

https://docs.aws.amazon.com/iot/latest/developerguide/iot-rule-actions.html
"""

from __future__ import annotations

import re
import urllib.parse
from collections.abc import Callable
from dataclasses import dataclass

from aws_iot import topics

from ..errors import ToolError
from ..shapes import Json
from . import names

FORMS = "lambda:ARN, sns:ARN, sqs:URL, dynamodb:TABLE, s3:BUCKET/KEY, republish:TOPIC"
_TEMPLATE = re.compile(r"\$\{[^{}]*\}")  # a substitution template: an expression of the rule's SQL
_LAMBDA = re.compile(r"arn:[\w-]+:lambda:([\w-]+):\d{12}:function:([\w-]{1,64})(:[\w$-]{1,128})?", re.ASCII)
_SNS = re.compile(r"arn:[\w-]+:sns:([\w-]+):\d{12}:([\w-]{1,256})", re.ASCII)
_QUEUE = re.compile(r"/(\d{12})/([\w-]{1,80})", re.ASCII)
_TABLE = re.compile(r"[\w.-]{3,255}", re.ASCII)


@dataclass(frozen=True)
class Target:
    """One of FORMS, taken apart: text is as it was asked for, rest what stands behind the kind."""

    text: str
    kind: str
    rest: str

    @property
    def function(self) -> str:
        """The ARN of a Lambda function; empty for other kinds."""
        return self.rest if self.kind == "lambda" else ""

    def action(self, role: str | None) -> Json:
        """The action of a rule's document."""
        if self.kind == "lambda":
            return {"lambda": {"functionArn": self.rest}}
        if self.kind == "sns":
            return {"sns": {"targetArn": self.rest, "roleArn": role, "messageFormat": "RAW"}}
        if self.kind == "sqs":
            return {"sqs": {"queueUrl": self.rest, "roleArn": role, "useBase64": False}}
        if self.kind == "dynamodb":
            return {"dynamoDBv2": {"roleArn": role, "putItem": {"tableName": self.rest}}}
        if self.kind == "s3":
            bucket, _, key = self.rest.partition("/")
            return {"s3": {"roleArn": role, "bucketName": bucket, "key": key}}
        # of AWS's own topics the $ is doubled, by which templates begin
        own = "$" if re.match(r"\$[^${]", self.rest) else ""
        return {"republish": {"roleArn": role, "topic": f"{own}{self.rest}", "qos": 1}}

    def statement(self, arn_prefix: str) -> Json | None:
        """What the rule's role has to allow; None for Lambda, which allows the rule by itself."""
        _, partition, _, region, account = arn_prefix.split(":")
        if self.kind == "lambda":
            return None
        if self.kind == "sns":
            return {"Action": "sns:Publish", "Resource": self.rest}
        if self.kind == "sqs":
            number, name = queue(self.rest)
            return {"Action": "sqs:SendMessage", "Resource": f"arn:{partition}:sqs:{region}:{number}:{name}"}
        if self.kind == "dynamodb":
            return {
                "Action": "dynamodb:PutItem",
                "Resource": f"arn:{partition}:dynamodb:{region}:{account}:table/{self.rest}",
            }
        if self.kind == "s3":
            return {"Action": "s3:PutObject", "Resource": f"arn:{partition}:s3:::{any_of(self.rest)}"}
        return {"Action": "iot:Publish", "Resource": f"{arn_prefix}:topic/{any_of(self.rest)}"}


def read(text: str, region: str) -> Target:
    """The target that a text names; ToolError says what is wrong with it."""
    kind, _, rest = text.partition(":")
    look = _CHECKS.get(kind)
    if look is None or not rest:
        raise ToolError(f"{text!r} is no target of a rule: {FORMS}")
    reason = look(rest, region)
    if reason:
        raise ToolError(f"{text!r} is no target of a rule: {reason}")
    return Target(text, kind, rest)


def any_of(template: str) -> str:
    """A pattern of all that a template can become."""
    return _TEMPLATE.sub("*", template)


def queue(url: str) -> tuple[str, str]:
    """Account and name of a queue."""
    found = _QUEUE.fullmatch(urllib.parse.urlparse(url).path)
    return (found[1], found[2]) if found else ("", "")


def _arn(form: re.Pattern[str], service: str) -> Check:
    def look(rest: str, region: str) -> str | None:
        found = form.fullmatch(rest)
        if not found:
            return f"that is no ARN of {service}"
        return (
            None if found[1] == region else f"it is in {found[1]}, the rule in {region}: rules reach their region alone"
        )

    return look


def _queue(rest: str, region: str) -> str | None:
    if rest.endswith(".fifo"):
        return "rules do not send to FIFO queues"
    return None if queue(rest)[1] and urllib.parse.urlparse(rest).netloc else "that is no URL of a queue"


def _table(rest: str, region: str) -> str | None:
    return None if _TABLE.fullmatch(rest) else "a table's name has 3 to 255 of a-z A-Z 0-9 _ . -"


def _object(rest: str, region: str) -> str | None:
    bucket, _, key = rest.partition("/")
    if not key:
        return "a key is missing: s3:BUCKET/KEY, for example s3:BUCKET/${topic(2)}/${timestamp()}.json"
    names.check_bucket(bucket)
    return None if len(key.encode()) <= 1024 else "a key has at most 1024 bytes"


def _topic(rest: str, region: str) -> str | None:
    try:
        topics.check_topic(_TEMPLATE.sub("t", rest))
    except ValueError as error:
        return str(error)
    return None


Check = Callable[[str, str], str | None]
_CHECKS: dict[str, Check] = {
    "lambda": _arn(_LAMBDA, "a function of Lambda"), "sns": _arn(_SNS, "a topic of SNS"), "sqs": _queue,
    "dynamodb": _table, "s3": _object, "republish": _topic,
}  # fmt: skip
