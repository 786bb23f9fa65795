"""The messages on some topics for a program that goes on whatever happens to network and keys."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from ..cloud.feed import Feed, Message, Unavailable
from ..shapes import Say

if TYPE_CHECKING:
    from ..cloud.aws import Aws

_PAUSE_S = 30  # before another try where there is no such connection at all
_TURN_S = 0.5  # between two looks whether it is over
Hear = Callable[[Message | None], object]


class Follower:
    """A context manager: in a thread of its own, hear((topic, payload)) for each message.

    hear(None) is called when some may have been missed: after each new connection and, where there is none, each 30 s.
    say(sentence) tells why nothing comes, say("") that it does again. words(error) puts an error into a sentence.
    """

    def __init__(
        self, aws: Aws, topics: Sequence[str], hear: Hear, say: Say, words: Callable[[Exception], str]
    ) -> None:
        self._aws, self._topics, self._hear, self._say, self._words = aws, topics, hear, say, words
        self._over = threading.Event()

    def __enter__(self) -> Follower:
        threading.Thread(target=self._follow, daemon=True).start()  # not joined: a call may hang
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()

    def _follow(self) -> None:
        while not self._over.is_set():
            try:
                self._connected()
            except Exception as error:
                self._say(self._words(error))
                if not isinstance(error, Unavailable):
                    self._aws.renew()
                self._hear(None)
                self._over.wait(_PAUSE_S)

    def _connected(self) -> None:
        with Feed(self._aws, *self._topics, say=self._say) as feed:
            self._say("")
            self._hear(None)
            while not self._over.is_set():
                try:
                    message = feed.next(_TURN_S)
                except TimeoutError:
                    continue
                except Unavailable:
                    raise
                except Exception as error:
                    self._say(self._words(error))
                    continue
                if message is None:
                    self._say("")
                self._hear(message)
