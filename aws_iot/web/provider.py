"""AWS keys that a thing fetches by its certificate, from AWS IoT's credential provider.

It stays in the heap of who uses it; assume.py, which fetches, does not.
https://docs.aws.amazon.com/iot/latest/developerguide/authorizing-direct-aws.html
"""

import time

import aws_iot

from .. import ticks_add, ticks_diff, ticks_ms

const = int  # mpy-cross folds ``_X = const(n)`` by the name; CPython calls int

_AGAIN_MS = const(60000)  # after a failure that old keys cover


class Provider:
    """A function that gives keys: (access key id, secret access key, session token), or None: not yet, ask again soon.

    ``server``: the account's endpoint for iot:CredentialProvider, with ":port" unless that is 443; ``alias``: the role
    alias; ``thingname``: the thing whose certificate the TLS ``context`` shows. ``host``: the server's name where
    ``server`` is an address. Keys are kept until 80 % of their life are over; where no others can be fetched then, as
    long as they live, and ``error`` says why. Without any, it raises: Rejected, LinkError, ResponseTimeout,
    ProtocolError, or StateError where the clock is wrong.
    """

    keys = work = error = due = None  # due: ticks, of a failure
    at = life = 0  # seconds since the epoch, seconds

    def __init__(self, server, alias, thingname, context, *, host=None, timeout_ms=8000):
        self.server, _, port = server.partition(":")
        self.port = int(port or 443)
        self.host = host
        self.alias = alias
        self.thingname = thingname
        self.context = context
        self.timeout_ms = timeout_ms

    def __call__(self):
        if not self.work:
            failed = self.error and ticks_diff(self.due, ticks_ms()) > 0
            if self.last(self.life if failed else self.life * 4 // 5):
                return self.keys
            self.work = aws_iot.web.assume.assume(self)
        work, self.work = self.work, None  # one that ended, in whatever way, is over
        try:
            next(work)
        except StopIteration:
            self.error = None
            return self.keys
        except MemoryError:
            raise
        except Exception as error:
            if not self.last(self.life):
                raise
            self.error = error
            self.due = ticks_add(ticks_ms(), _AGAIN_MS)
            return self.keys
        self.work = work

    def last(self, seconds):
        """Whether there are keys that are not as old as that."""
        return self.keys and 0 <= time.time() - self.at < seconds
