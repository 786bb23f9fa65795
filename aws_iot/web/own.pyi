"""What a Thing has of these files when it is named: its calls by HTTPS, the session of a sleeper, keys by its role
alias. Lent for each.
"""

from typing import Any

from ..thing import Thing
from .provider import Provider

def find(thing: Thing, name: str) -> Any:
    """Thing.http, which is then set; else its method ``name``."""

def report_once(thing: Thing, state: dict, timeout_ms: int | None = None) -> dict:
    """The session of a board that sleeps: connect, report ``state``, disconnect. Returns the accepted document.

    By HTTPS it is one call. Raises what ``connect`` and the shadow's ``update`` raise.
    """

def keys(thing: Thing, path: str = "thing.conf.json") -> Provider:
    """The function that gives the ``thing`` keys of the role alias that the file ``path`` names, by its certificate:
    see provider.py; that of its door, if it has one. ValueError when none is named, or the thing has no certificate.
    """
