"""What boards print, as their programs publish it: ``thing.log()``, on dt/<thing>/log."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from typing import TYPE_CHECKING

from ..cloud.feed import Feed
from ..shapes import Say

if TYPE_CHECKING:
    from ..cloud.aws import Aws


def topic(thing: str) -> str:
    """Where a thing's log is published."""
    return f"dt/{thing}/log"


def follow(aws: Aws, thing: str, say: Say) -> Iterator[str]:
    """Pieces of what a thing prints, for ever; ``say`` gets a sentence when this computer has missed some."""
    decoder = codecs.getincrementaldecoder("utf-8")("replace")  # a letter may be cut by the end of a message
    with Feed(aws, topic(thing)) as feed:
        while True:
            message = feed.next()
            if message is None:
                say("the connection to AWS was lost and is back: what was printed meanwhile is not here")
            else:
                yield decoder.decode(message[1])
