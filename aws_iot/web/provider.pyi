"""AWS keys that a thing fetches by its certificate, from AWS IoT's credential provider.

It stays in the heap of who uses it; assume.py, which fetches, does not.
https://docs.aws.amazon.com/iot/latest/developerguide/authorizing-direct-aws.html
"""

from typing import Any

class Provider:
    """A function that gives keys: (access key id, secret access key, session token), or None: not yet, ask again soon.

    ``server``: the account's endpoint for iot:CredentialProvider, with ":port" unless that is 443; ``alias``: the role
    alias; ``thingname``: the thing whose certificate the TLS ``context`` shows. ``host``: the server's name where
    ``server`` is an address. Keys are kept until 80 % of their life are over; where no others can be fetched then, as
    long as they live, and ``error`` says why. Without any, it raises: Rejected, LinkError, ResponseTimeout,
    ProtocolError, or StateError where the clock is wrong.
    """

    error: Exception | None

    def __init__(
        self, server: str, alias: str, thingname: str, context: Any, *, host: str | None = None, timeout_ms: int = 8000
    ) -> None: ...
    def __call__(self) -> tuple[str, str, str] | None: ...
