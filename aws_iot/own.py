"""What a Thing has when that is named: its jobs, and its named shadows. Lent for each."""

import aws_iot

from . import method

__all__ = ("named_shadow",)


def find(thing, name):
    """Thing.jobs, which Jobs() then sets; else its method ``name``."""
    if name in "http ingest report_once":  # one text: an update, which loads this file, has no room for their names
        return aws_iot.web.own.find(thing, name)
    if name in "health, log":  # likewise, and of more than ten letters
        return __import__("aws_iot.care", None, None, ("find",)).find(thing, name)
    if name != "jobs":
        return method(thing, aws_iot.own, name)
    from .jobs import Jobs

    return Jobs(thing)


def named_shadow(thing, name: str, topics: tuple | None = None):
    """The shadow called ``name`` of this thing; ``topics`` are its response topics, as Thing's shadow_topics."""
    topic = (aws_iot.names.shadow(thing.thingname, name) + "/update").encode()
    for sender in thing.mqtt.senders:
        if sender.topic == topic:
            return sender
    from .shadow import Shadow

    return Shadow(thing.mqtt, thing.thingname, name, topics, None, thing.shadow.limit)
