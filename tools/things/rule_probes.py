"""Queues that hear for a test what a topic of SNS is sent (fleet/probes.py): each is written down before it is made."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..shapes import Json
from . import roles

if TYPE_CHECKING:
    from ..cloud.aws import Aws
    from .project import Project

_NO_TOPIC = ("NotFound", "NotFoundException")
_NO_QUEUE = ("QueueDoesNotExist", "AWS.SimpleQueueService.NonExistentQueue")


def note(project: Project, queue: str, topic: str) -> None:
    """Remember a queue (its name) that is about to be made, and the topic (its ARN) that it subscribes to."""
    project.change_state(probes=[*(project.state().get("probes") or ()), {"queue": queue, "topic": topic}])


def sweep(aws: Aws, project: Project) -> None:
    """Take away the queues of tests, also of those that were cut off."""
    probes = project.state().get("probes")
    for probe in probes or ():
        for subscription in roles.unless(_NO_TOPIC, _subscriptions, aws=aws, topic=probe["topic"]) or ():
            if subscription["Endpoint"].endswith(f":{probe['queue']}"):
                aws.client("sns").unsubscribe(SubscriptionArn=subscription["SubscriptionArn"])
        sqs = aws.client("sqs")
        if url := roles.unless(_NO_QUEUE, sqs.get_queue_url, QueueName=probe["queue"]):
            sqs.delete_queue(QueueUrl=url["QueueUrl"])
    if probes:
        project.change_state(probes=None)


def _subscriptions(aws: Aws, topic: str) -> list[Json]:
    pages = aws.client("sns").get_paginator("list_subscriptions_by_topic").paginate(TopicArn=topic)
    return [each for page in pages for each in page["Subscriptions"]]
