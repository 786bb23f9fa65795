"""How a board is, told to its shadow ``health`` at a pace. It stays in the heap once a program has asked for it."""

import aws_iot

from .. import ticks_add, ticks_diff

const = int  # mpy-cross folds ``_X = const(n)`` by the name; CPython calls int

_LEAST_S = const(60)  # between two reports: links that come and go are told of together


class Health:
    """Reports as ``thing.health()`` says. A context manager: an exception that ends it is told after the restart.

    ``shadow``: the named one; ``period_s``, ``version``: as given; ``uptime_s``: seconds for which poll() was called.
    """

    def __init__(self, thing, version, period_s, path):
        self.shadow = thing.named_shadow("health", ())
        self.period_s = period_s
        self.version = version
        self.path = path
        self.note = aws_iot.care.note.begin(path)  # what the file holds: see note.py
        client = self.shadow.client
        self.at = client.ticks()  # up to which uptime_s counts
        self.uptime_s = 0
        self.due_s = 0
        self.connects = 0  # that were told of

    def poll(self):
        """What the client's poll() begins with: count the seconds, report when it is time."""
        client = self.shadow.client
        passed_ms = ticks_diff(client.ticks(), self.at)
        if passed_ms < 1000:
            return
        self.at = ticks_add(self.at, passed_ms // 1000 * 1000)
        self.uptime_s += passed_ms // 1000
        if client.ready:
            anew = client.stats["connects"] != self.connects
            if self.uptime_s >= self.due_s or anew and self.uptime_s >= self.due_s - self.period_s + _LEAST_S:
                self.due_s = self.uptime_s + self.period_s
                try:
                    aws_iot.care.vitals.report(self, anew)
                    self.connects = client.stats["connects"]
                except Exception as error:
                    client.report(error)

    def guard(self):
        """Threads take turns from now on: none of this is called but by poll()."""

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        if isinstance(error, Exception):
            aws_iot.care.note.crash(self.note, self.path, error)
        return False
