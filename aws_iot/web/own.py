"""What a Thing has of these files when it is named: its calls by HTTPS, the session of a sleeper, keys by its role
alias; and what it has of none, samples for a rule. Lent for each.
"""

import aws_iot

from .. import method

__all__ = ("ingest", "report_once")


def find(thing, name):
    """Thing.http, which is then set; else its method ``name``."""
    if name != "http":
        return method(thing, aws_iot.web.own, name)
    thing.http = aws_iot.web.http.Http(thing.mqtt, thing.thingname, thing.shadow)
    return thing.http


def ingest(thing, rule: str, payload=b"", topic: str | None = None, *, qos: int = 1) -> int | None:
    """Publish to the ``rule`` alone, by Basic Ingest: nobody who subscribes hears it, and AWS bills no message.

    ``topic`` is what topic() gives in the rule's SQL, by default dt/THING/RULE; its 256 bytes and 7 slashes are counted
    without the rule. What is returned and raised: see publish. A rule that is not there is no error: AWS acknowledges
    the message and drops it. The policy: `thing policy add --ingest RULE`.
    https://docs.aws.amazon.com/iot/latest/developerguide/iot-basic-ingest.html
    """
    topic = topic or "dt/%s/%s" % (thing.thingname, rule)
    return thing.publish(aws_iot.reserved.build("basic-ingest", topic, None, rule), payload, qos=qos)


def report_once(thing, state: dict, timeout_ms: int | None = None) -> dict:
    """The session of a board that sleeps: connect, report ``state``, disconnect. Returns the accepted document.

    By HTTPS it is one call. Raises what ``connect`` and the shadow's ``update`` raise.
    """
    if hasattr(thing.mqtt.context, "poll_ms"):  # behind a door of HTTPS
        return thing.http.update(state, timeout_ms=timeout_ms)
    thing.connect(timeout_ms=timeout_ms)
    try:
        return thing.shadow.update(state, timeout_ms=timeout_ms)
    finally:
        thing.disconnect()


def keys(thing, path: str = "thing.conf.json"):
    """The function that gives the ``thing`` keys of the role alias that the file ``path`` names, by its certificate:
    see provider.py; that of its door, if it has one. ValueError when none is named, or the thing has no certificate.
    """
    context = thing.mqtt.context
    own = getattr(context, "keys", None)
    if isinstance(own, aws_iot.web.provider.Provider):
        return own
    if own:
        raise ValueError("a thing with keys of its own has no certificate to fetch others by")
    conf = aws_iot.config.read(path, ("certificate", "key", "ca"))  # the thing has them
    alias, server = conf.get("role_alias"), conf.get("credentials")
    if not alias or not server:
        raise ValueError("%s: role_alias and credentials are missing: `thing role-alias create` writes them" % path)
    return aws_iot.web.provider.Provider(server, alias, thing.thingname, getattr(context, "context", context))
