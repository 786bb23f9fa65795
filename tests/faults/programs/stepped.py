"""The device's half of stepped time, which tests/harness/stepped.py explains: what waits here, waits for the harness.

Imported before all else of aws_iot, whose clock, sleeps and polls are then these. Runs on CPython and MicroPython; a
wait takes nothing from the heap. The environment variable TIME has the harness's port, and the time.
"""

import sys
from array import array
from os import getenv

import aws_iot
from aws_iot import select, socket, ticks_add

MICROPYTHON = sys.implementation.name == "micropython"
_NEVER = (1 << 30) - 1


class Time:
    """The time in ms, and the connection to the harness."""

    def __init__(self, port, now):
        self.now = now
        self.alone = None  # a function: is there no connection?
        self.record, self.offer = array("I", (0, now, now)), array("I", (0, 0, 0))
        family, kind, _, _, address = socket.getaddrinfo("127.0.0.1", port, 0, socket.SOCK_STREAM)[0]
        self.harness = socket.socket(family, kind)
        self.harness.connect(address)
        self.harness.setsockopt(6, 1, 1)  # TCP_NODELAY

    def wait(self, poll, until):
        """Until a socket of `poll` is ready, or it is `until`."""
        if until < self.offer[2] and self.alone and self.alone():
            self.now = until
        while self.now < until and not poll.ready():
            self.record[0] += 1
            self.say(until)
            while True:
                poll.wait()
                if poll.ready():
                    self.offer[2] = 0
                    return  # whatever is offered
                self.harness.readinto(self.offer)
                if self.offer[0] == self.record[0]:
                    break  # else it was for a wait that had ended already
            self.now = self.offer[1]
            if self.now >= until:
                self.say(self.now)

    def tell(self):
        """Before a device without a connection does what the harness notices: that may bring forward what is due."""
        self.offer[2] = 0
        self.say(self.now)

    def say(self, until):
        """What time it is, and until when this waits."""
        self.record[1] = self.now
        self.record[2] = until
        self.harness.write(self.record)


class Poll:
    """select.poll, with MicroPython's ipoll."""

    def __init__(self):
        self.sockets, self.all = select.poll(), select.poll()
        self.all.register(TIME.harness, select.POLLIN)

    def register(self, sock, events):
        self.sockets.register(sock, events)
        self.all.register(sock, events)

    def modify(self, sock, events):
        self.sockets.modify(sock, events)
        self.all.modify(sock, events)

    def ready(self):
        for _ in self.sockets.ipoll(0):
            return True
        return False

    def wait(self):
        self.all.ipoll(-1)

    def ipoll(self, timeout_ms=-1):
        TIME.wait(self, _NEVER if timeout_ms < 0 else TIME.now + timeout_ms)
        return self.sockets.ipoll(0)

    def poll(self, timeout_ms=-1):
        self.ipoll(timeout_ms)
        return self.sockets.poll(0)


class Select:
    """The module select, as aws_iot uses it."""

    POLLIN, POLLOUT, POLLERR, POLLHUP = select.POLLIN, select.POLLOUT, select.POLLERR, select.POLLHUP
    poll = Poll


def sleep_ms(duration_ms):
    TIME.wait(_NOTHING, TIME.now + duration_ms)


def run(main):
    """asyncio.run, in this time."""
    import asyncio

    if not MICROPYTHON:
        from loop import Loop

        return Loop(TIME, Poll()).run_until_complete(main)
    from time import ticks_ms

    # What is to run at once is queued by asyncio's C part, under the machine's ticks: to be due, they must be past.
    base = ticks_add(ticks_ms(), 1 << 28)
    asyncio.core.ticks = lambda: ticks_add(base, TIME.now)
    asyncio.core._io_queue.poller = Poll()
    return asyncio.run(main)


TIME = Time(*[int(word) for word in getenv("TIME").split()])
_NOTHING = Poll()
_NOTHING.ready()  # the first look takes memory
aws_iot.select, aws_iot.sleep_ms, aws_iot.ticks_ms = Select, sleep_ms, lambda: ticks_add(0, TIME.now)
