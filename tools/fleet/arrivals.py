"""A sample sent through a rule, and what of it arrived: each kind of target is looked at in its own way.

The sample goes by Basic Ingest, straight to the rule: nobody who subscribes and no other rule hears of it.
https://docs.aws.amazon.com/iot/latest/developerguide/iot-basic-ingest.html
"""

from __future__ import annotations

import contextlib
import json
import re
import time
import uuid
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from aws_iot import topics

from ..cloud import aws as aws_errors
from ..cloud import local_aws
from ..errors import ToolError
from ..shapes import Json
from ..things import rule_probes, rule_targets, rules
from . import probes

if TYPE_CHECKING:
    from ..cloud.aws import Aws
    from ..things.project import Project

_LOOK_S = 0.5
_FROM = re.compile(r"\bFROM\s+'([^']*)'", re.IGNORECASE)
_INERT = ("s3",)  # what the local AWS takes for a target, and does nothing for


class Sample:
    """What is sent. `rule_test` is put into a payload that is an object: by it the sample is known again."""

    def __init__(self, payload: Any) -> None:
        self.mark = uuid.uuid4().hex
        self.members = payload if isinstance(payload, dict) else {}
        self.payload = {**payload, "rule_test": self.mark} if isinstance(payload, dict) else payload
        self.begun = time.time()

    def is_in(self, text: str) -> bool:
        """Whether what arrived comes from the sample: the mark is in it or, where the SQL selects that away, a member
        of the sample and none that has another value."""
        if self.mark in text:
            return True
        with contextlib.suppress(ValueError):
            found = json.loads(text)
            shared = [key for key in self.members if isinstance(found, dict) and key in found]
            return bool(shared) and all(found[key] == self.members[key] for key in shared)
        return False


def topic_of(sql: str) -> str:
    """A topic that the rule listens to."""
    found = _FROM.search(sql)
    return re.sub(r"[+#]", "test", found[1]) if found else "test"


def run(aws: Aws, project: Project, name: str, payload: Any, topic: str | None, seconds: float) -> list[Json]:
    """Send a sample; -> [{"to", "arrived", "what"}], arrived None where that cannot be found out."""
    entry = rules.noted(project.state()).get(name)
    rule = rules.get(aws, name)
    if entry is None or rule is None:
        raise ToolError(f"the project has no rule {name}: `thing rule create {name}` makes one")
    if rule.get("ruleDisabled"):
        raise ToolError(f"the rule {name} is disabled, and does nothing")
    topic = topic or topic_of(rule["sql"])
    _check_topic(topic, rule["sql"])
    targets = [rule_targets.read(each, aws.region) for each in entry["to"]]
    sample = Sample(payload)
    with contextlib.ExitStack() as watching:
        rule_probes.sweep(aws, project)  # those of a test that was cut off
        watching.callback(rule_probes.sweep, aws, project)
        seen = [_watched(aws, project, target, sample, watching) for target in targets]
        sample.begun = time.time()
        aws.data.publish(topic=f"$aws/rules/{name}/{topic}", qos=1, payload=json.dumps(sample.payload).encode())
        _await(seen, time.monotonic() + seconds)
    return [_told(aws, each, seconds) for each in seen]


class _Watched:
    """One target: what arrived there, or why that cannot be found out."""

    def __init__(self, target: rule_targets.Target) -> None:
        self.target = target
        self.what: str | None = None
        self.reason: str | None = None
        self.probe: probes.Probe | None = None

    def look(self, last: bool) -> None:
        if self.probe and self.what is None and self.reason is None:
            try:
                self.what = self.probe.last() if last else self.probe.look()
            except (ClientError, ToolError) as error:
                self.reason = _words(error)


def _watched(
    aws: Aws, project: Project, target: rule_targets.Target, sample: Sample, watching: contextlib.ExitStack
) -> _Watched:
    watched = _Watched(target)
    try:
        watched.probe = watching.enter_context(probes.KINDS[target.kind](aws, project, target, sample))
    except (ClientError, ToolError) as error:
        watched.reason = _words(error)
    return watched


def _await(seen: list[_Watched], end: float) -> None:
    over = False
    while not over:
        time.sleep(_LOOK_S)
        over = time.monotonic() >= end
        for each in seen:
            each.look(over)
        over = over or all(each.what or each.reason for each in seen)


def _told(aws: Aws, watched: _Watched, seconds: float) -> Json:
    arrived: bool | None = watched.what is not None
    what = watched.what or f"nothing within {seconds:g} s"
    if watched.reason:
        arrived, what = None, watched.reason
    elif not arrived and watched.target.kind in _INERT and local_aws.serving(aws):
        what = f"the local AWS does nothing for {watched.target.kind}"
    return {"to": watched.target.text, "arrived": arrived, "what": what}


def _check_topic(topic: str, sql: str) -> None:
    try:
        topics.check_topic(topic)
    except ValueError as error:
        raise ToolError(f"{topic!r} is no topic to send a sample as: {error}") from error
    found = _FROM.search(sql)
    if found and not re.fullmatch(_expression(found[1]), topic):
        raise ToolError(f"the rule does not listen to {topic}, but to {found[1]}")


def _expression(pattern: str) -> str:
    levels = ["[^/]+" if level == "+" else ".*" if level == "#" else re.escape(level) for level in pattern.split("/")]
    return "/".join(levels)


def _words(error: Exception) -> str:
    return aws_errors.explain(error) if isinstance(error, ClientError) else str(error)
