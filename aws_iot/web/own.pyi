"""What a Thing has of these files when it is named: its calls by HTTPS, the session of a sleeper, keys by its role
alias; and what it has of none, samples for a rule. Lent for each.
"""

from typing import Any

from ..mqtt import _Message
from ..thing import Thing
from .provider import Provider

def find(thing: Thing, name: str) -> Any:
    """Thing.http, which is then set; else its method ``name``."""

def ingest(thing: Thing, rule: str, payload: _Message = b"", topic: str | None = None, *, qos: int = 1) -> int | None:
    """Publish to the ``rule`` alone, by Basic Ingest: nobody who subscribes hears it, and AWS bills no message.

    ``topic`` is what topic() gives in the rule's SQL, by default dt/THING/RULE; its 256 bytes and 7 slashes are counted
    without the rule. What is returned and raised: see publish. A rule that is not there is no error: AWS acknowledges
    the message and drops it. The policy: `thing policy add --ingest RULE`.
    https://docs.aws.amazon.com/iot/latest/developerguide/iot-basic-ingest.html
    """

def report_once(thing: Thing, state: dict, timeout_ms: int | None = None) -> dict:
    """The session of a board that sleeps: connect, report ``state``, disconnect. Returns the accepted document.

    By HTTPS it is one call. Raises what ``connect`` and the shadow's ``update`` raise.
    """

def keys(thing: Thing, path: str = "thing.conf.json") -> Provider:
    """The function that gives the ``thing`` keys of the role alias that the file ``path`` names, by its certificate:
    see provider.py; that of its door, if it has one. ValueError when none is named, or the thing has no certificate.
    """
