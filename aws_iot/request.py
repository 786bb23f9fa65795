"""A request that AWS answers on topic/accepted or topic/rejected: shadows, jobs and provisioning speak so."""

from os import urandom

from . import borrow
from .transport import ticks_add, ticks_diff


def request(client, topic, document=None, timeout_ms=None, handler=None, answers=None):
    """Publish ``document`` with a clientToken of its own to ``topic`` and return the accepted answer, a dict.

    Raises Rejected with AWS's code and message, ResponseTimeout after ``timeout_ms`` (default the client's),
    LinkError when there is no connection in that time. Sent again at half time, but for requests that carry a
    version: those may count once only. ``answers``: a filter that takes the place of ``topic`` in what is subscribed
    to, to share it among requests.
    https://docs.aws.amazon.com/iot/latest/developerguide/device-shadow-mqtt.html
    """
    document = dict(document or ())
    limit_ms = client.timeout_ms if timeout_ms is None else timeout_ms
    end = ticks_add(client.ticks(), limit_ms)
    token = "%012x" % int.from_bytes(urandom(6), "big")
    document["clientToken"] = token
    names = [(answers or topic) + "/accepted", (answers or topic) + "/rejected"]
    if names[0] not in client.subs or names[1] not in client.subs:
        if not handler:
            from .answers import handler as answers_of

            handler = answers_of(client)
        borrow("subscriptions").register(client, names, handler)
    entries = [client.subs[name] for name in names]
    if client.requests is None:
        client.requests = {}
    client.requests[token] = slot = []

    def left():
        return max(0, ticks_diff(end, client.ticks()))

    def subscribed():
        for entry in entries:
            if entry[3] == 2:
                from .errors import Rejected

                raise Rejected(128, "subscription refused: " + topic)
        return client.ready and entries[0][3] and entries[1][3]

    try:
        if not client.until(subscribed, left()):
            from .errors import LinkError, ResponseTimeout

            if not client.connected:
                raise LinkError("not connected: %s" % client.stats["cause"])
            raise ResponseTimeout("no SUBACK for " + topic)
        client.publish(topic, document)
        once = "version" in document or "expectedVersion" in document
        if once or not client.until(lambda: slot, left() // 2):
            if not once and client.connected:
                client.publish(topic, document)
            if not client.until(lambda: slot, left()):
                from .errors import ResponseTimeout

                raise ResponseTimeout("no answer to " + topic)
    finally:
        client.requests.pop(token, None)
    answer, accepted = slot
    if not accepted:
        raise rejected(answer)
    return answer


def settle(client, topic, document):
    """Hand an answer to the request that it belongs to; False when it is nobody's here."""
    slot = client.requests.pop(document.get("clientToken"), None) if client.requests else None
    if slot is None:
        return False
    slot += document, topic.endswith("/accepted")
    return True


def rejected(document):
    """The error that a rejected answer stands for."""
    from .errors import Rejected

    return Rejected(document.get("code"), document.get("message", ""), document.get("clientToken"))
