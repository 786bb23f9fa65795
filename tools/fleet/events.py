"""What AWS IoT tells of things as it happens: topics, and what their messages say.

https://docs.aws.amazon.com/iot/latest/developerguide/life-cycle-events.html (and events-jobs.html)
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

from ..cloud.feed import Message
from ..shapes import Json
from .rows import HEALTH, Row, with_classic, with_health, with_link

_SHADOW = re.compile(r"\$aws/things/([^/]+)/shadow(?:/name/([^/]+))?/(update/documents|delete/accepted)")
TOPICS = (
    "$aws/things/+/shadow/update/documents", "$aws/things/+/shadow/name/+/update/documents",
    "$aws/things/+/shadow/delete/accepted", "$aws/things/+/shadow/name/+/delete/accepted",
    "$aws/events/presence/+/+", "$aws/events/jobExecution/#",
)  # fmt: skip


@dataclass(frozen=True)
class ShadowChanged:
    """A shadow as a change left it: {"state", "metadata", "version"}, or None where it was deleted."""

    thing: str
    shadow: str | None
    document: Json | None
    at: float


@dataclass(frozen=True)
class Presence:
    """A thing came or left, at a time of AWS's clock; why is AWS's own word for it."""

    thing: str
    online: bool
    at: float
    why: str | None


@dataclass(frozen=True)
class ExecutionEnded:
    """A thing has ended a job."""

    thing: str
    job: str
    status: str


Event = ShadowChanged | Presence | ExecutionEnded


def read(message: Message) -> Event | None:
    """What a message on one of the topics says; None for what is not understood."""
    topic, payload = message
    try:
        document = json.loads(payload)
        if topic.startswith("$aws/events/presence/"):
            return _presence(document)
        if topic.startswith("$aws/events/jobExecution/"):
            thing = document["thingArn"].rpartition("/")[2]
            return ExecutionEnded(thing, document["jobId"], document["status"])
        found = _SHADOW.fullmatch(topic)
        if not found:
            return None
        thing, shadow, kind = found.groups()
        current = document["current"] if kind == "update/documents" else None
        return ShadowChanged(thing, shadow, current, document["timestamp"])
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


def applied(row: Row, event: Event) -> Row:
    """The row of a thing after an event of it."""
    if isinstance(event, Presence):
        return with_link(row, {"connected": event.online, "timestamp": event.at * 1000, "disconnectReason": event.why})
    if isinstance(event, ExecutionEnded) or event.shadow not in (None, HEALTH):
        return row
    document = event.document or {}
    shadow = {**document.get("state", {}), "metadata": document.get("metadata", {})}
    return (with_health if event.shadow else with_classic)(row, shadow)


def _presence(document: Json) -> Presence:
    online = document["eventType"] == "connected"
    return Presence(document["clientId"], online, document["timestamp"] / 1000, document.get("disconnectReason"))
