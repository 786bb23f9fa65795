"""CPython's asyncio in the stepped time of stepped.py."""

import asyncio
import math
import selectors


class Selector(selectors.DefaultSelector):
    """Waits as `poll` does, which is given this selector as its socket."""

    def __init__(self, poll):
        super().__init__()
        self.poll = poll
        poll.register(self, selectors.EVENT_READ)

    def select(self, timeout=None):
        self.poll.ipoll(-1 if timeout is None else math.ceil(timeout * 1000 - 1e-6))
        return super().select(0)


class Loop(asyncio.SelectorEventLoop):
    def __init__(self, clock, poll):
        self.clock = clock
        super().__init__(Selector(poll))

    def time(self):
        return self.clock.now / 1000
