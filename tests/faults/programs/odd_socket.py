"""A device whose socket does what few machines let it do: short writes, no memory, a time-out of TCP's own.

Parameters besides Session's: socket, {"write" or "read": [what each call in turn does]}, on the first link: a number of
bytes (a short write), an errno below zero, or None (nothing special).
"""

from base import main
from session import Session


class Socket:
    """Stands in for the client's socket; the poller has the real one."""

    def __init__(self, real, plan):
        self.real, self.plan, self.calls = real, plan, {"read": 0, "write": 0}
        self.close = real.close

    def special(self, name):
        plan = self.plan.get(name, ())
        self.calls[name] += 1
        return plan[self.calls[name] - 1] if self.calls[name] <= len(plan) else None

    def write(self, data):
        what = self.special("write")
        if what is not None and what < 0:
            raise OSError(-what)
        return self.real.write(memoryview(data)[:what] if what else data)

    def readinto(self, space):
        what = self.special("read")
        if what is not None and what < 0:
            raise OSError(-what)
        return self.real.readinto(space)


class Odd(Session):
    def start(self):
        super().start()
        self.odd = None

    def event(self, name, value):
        if name == "ready" and not self.odd:
            self.odd = self.client.stream = Socket(self.client.stream, self.params["socket"])


if __name__ == "__main__":
    main(Odd)
