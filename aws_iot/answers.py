"""Where AWS's answers go that no shadow takes. Stays once a request was made, so that request.py need not."""

from . import borrow
from .transport import loads


def handler(client):
    """A handler for the topics that the answers come on."""
    return lambda topic, payload: borrow("request").settle(client, topic, loads(payload))
