"""What downloads and calls have in common: a socket to a server, and waits that end. Lent to both."""

from .. import ticks_diff, ticks_ms
from ..errors import ResponseTimeout

const = int  # mpy-cross folds ``_X = const(n)`` by the name; CPython calls int

_WAIT_MS = const(10)  # in one step: a program that does other things meanwhile should not notice


class Link:
    """``each``: whether ``timeout_ms`` is for each wait, or for all of them from ``rx_at`` on.

    ``buffer`` (memoryview): what is read and not taken yet, ``have`` bytes.
    """

    # what tcp.tcp() wants to know
    ticks = staticmethod(ticks_ms)
    wait_ms = _WAIT_MS
    fails = 0
    server = stream = poller = None
    stage = "dns"
    timeout_ms = 15000
    each = True

    def read(self, buffer, begin=True):
        """Fill ``buffer`` with what there is; -> the count. ``begin`` False: within the time of the last wait."""
        count = yield from self.until(lambda: self.stream.readinto(buffer), "server", begin)  # type: ignore[attr-defined]
        if not count:
            raise EOFError
        return count

    def until(self, action, what, begin=True):
        """Repeat ``action`` until it gives something but None, at most ``timeout_ms``."""
        if begin and self.each:
            self.rx_at = ticks_ms()
        while True:
            if ticks_diff(ticks_ms(), self.rx_at) > self.timeout_ms:
                raise ResponseTimeout("no answer: " + what)
            result = action()
            if result is not None:
                return result
            self.poller.ipoll(_WAIT_MS)  # type: ignore[attr-defined]
            yield True

    def close(self):
        """Give the socket back."""
        if self.stream:
            try:
                self.stream.close()  # a TLS socket closes the raw one
            except OSError:
                pass
            self.stream = self.poller = None
