"""Whether a thing has connected, as AWS IoT tells of it itself.

https://docs.aws.amazon.com/iot/latest/apireference/API_iotdata_GetConnection.html
"""

from __future__ import annotations

import contextlib
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
    """Asks for the connection of a project's thing once a second, in a thread of its own; a context manager.

    A board works without it: where there are no credentials, no network or no right to ask, nothing is found out, and
    nothing is said. connect() gives the account; one in which the project's things were not made is not asked.
    """

    def __init__(self, connect: Callable[[], Aws], project: Project) -> None:
        self._connect, self._project = connect, project
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
            place.check(aws, self._project)
            client_id = self._project.config().get("mqttid") or ""
            before: int | None = 0  # not asked yet
            last = None
            while not self._over.is_set():
                begun = self._from_here.is_set()
                since = _since(aws, client_id)
                if not begun:
                    before = since
                elif since and since == last and before not in (0, since):
                    self._new.set()
                    return
                last = since
                self._over.wait(_ASK_S)


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
