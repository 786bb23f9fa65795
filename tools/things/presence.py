"""Whether a thing has connected, as AWS IoT tells of it itself.

https://docs.aws.amazon.com/iot/latest/apireference/API_iotdata_GetConnection.html
"""

from __future__ import annotations

import contextlib
import functools
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from ..cloud import aws as aws_errors
from ..errors import ToolError
from . import place

if TYPE_CHECKING:
    from ..cloud.aws import Aws
    from .project import Project

_ASK_S = 1


class Presence:
    """Asks for the connection of a client id once a second, in a thread of its own; a context manager.

    A board works without it: where there are no credentials, no network or no right to ask, nothing is found out, and
    nothing is said. connect() gives the account, or its ToolError says that this is not to be asked.
    """

    def __init__(self, connect: Callable[[], Aws], client_id: str) -> None:
        self._connect, self._client_id = connect, client_id
        self._from_here, self._new, self._over = threading.Event(), threading.Event(), threading.Event()

    def __enter__(self) -> Presence:
        threading.Thread(target=self._watch, daemon=True).start()  # not joined: a call may hang
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()

    def begin(self) -> None:
        """A connection that there is now is none of those waited for."""
        self._from_here.set()

    def arrived(self) -> bool:
        """Whether there is a connection that was made after begin(), and has lasted from one question to the next: AWS
        closes at once those whose subscriptions a policy denies."""
        return self._new.is_set()

    def _watch(self) -> None:
        from botocore.exceptions import BotoCoreError, ClientError

        # AttributeError: by a boto3 without this call
        with contextlib.suppress(BotoCoreError, ClientError, ToolError, OSError, AttributeError):
            aws = self._connect()
            before: int | None = 0  # not asked yet
            last = None
            while not self._over.is_set():
                begun = self._from_here.is_set()
                since = _since(aws, self._client_id)
                if not begun:
                    before = since
                elif since and since == last and before not in (0, since):
                    self._new.set()
                    return
                last = since
                self._over.wait(_ASK_S)


Watching = Callable[[str], contextlib.AbstractContextManager[Presence]]  # of a client id


def watching(connect: Callable[[], Aws], project: Project, asks: bool) -> Watching:
    """Presence of a project's things, in the account that they were made in; unless it asks, nothing is found out."""

    @functools.cache
    def account() -> Aws:
        aws = connect()
        place.check(aws, project)
        return aws

    def watch(client_id: str) -> contextlib.AbstractContextManager[Presence]:
        watched = Presence(account, client_id)
        return watched if asks else contextlib.nullcontext(watched)

    return watch


def _since(aws: Aws, client_id: str) -> int | None:
    """When the connection that there is was made, by AWS's clock."""
    from botocore.exceptions import ClientError

    try:
        found = aws.data.get_connection(clientId=client_id)
    except ClientError as error:
        if aws_errors.missing(error):
            return None
        raise
    since: int | None = found.get("connectedSince") if found.get("connected") else None
    return since
