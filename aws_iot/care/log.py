"""What a board prints, published. It stays in the heap once a program has asked for it.

https://docs.micropython.org/en/latest/library/os.html#os.dupterm
"""

import os
from io import IOBase

from .. import ticks_diff
from ..errors import IotError, StateError


def begin(thing, period_s, size_bytes):
    """Thing.log: a thing has one."""
    client, topic = thing.mqtt, "dt/%s/log" % thing.thingname
    for each in client.schedule:
        if getattr(each, "topic", None) == topic:  # not by its class: the file, lent, makes another one each time
            return each
    log = Log(client, topic, period_s, size_bytes)
    if hasattr(os, "dupterm"):
        other = os.dupterm(log)
        if other:
            os.dupterm(other)
            raise StateError("something else has os.dupterm, such as WebREPL")
    return log


class Log(IOBase):
    """A stream into a ring of bytes, which poll() publishes. ``lost``: bytes that had no room, until that is told."""

    lock = None  # of the ring, once threads take turns: what prints waits for no turn

    def __init__(self, client, topic, period_s, size_bytes):
        self.client = client
        self.topic = topic
        self.period_ms = int(period_s * 1000)
        self.ring = bytearray(size_bytes)
        self.start = 0  # of what waits in it
        self.count = 0  # of bytes that wait
        self.lost = 0  # of bytes that had no room, or came while others were sent
        self.sending = False
        self.at = client.ticks()  # of the last message

    def write(self, data):
        """Take text or bytes, whatever comes of them: it is called by print(), which is not to fail.

        What is printed while a message goes out is about that message, and would go on for ever: it is dropped.
        """
        if isinstance(data, str):
            data = data.encode()
        self.hold()
        try:
            self.take(data)
        finally:
            self.free()
        return len(data)

    def take(self, data):
        if self.sending:
            self.lost += len(data)
            return
        ring = self.ring
        for byte in data:  # a slice would take memory, of which there may be none
            ring[(self.start + self.count) % len(ring)] = byte
            if self.count < len(ring):
                self.count += 1
            else:
                self.start = (self.start + 1) % len(ring)
                self.lost += 1

    def hold(self):
        """Have the ring for this thread alone, until free()."""
        if self.lock:
            self.lock.acquire()

    def free(self):
        if self.lock:
            self.lock.release()

    def readinto(self, space):
        """os.dupterm asks it for keys, of which there are none."""

    def ioctl(self, request, argument):
        return 0

    def poll(self):
        """What the client's poll() begins with: publish what waits, when it is time."""
        client = self.client
        if not self.count or self.sending or not client.connected:
            return
        now = client.ticks()
        if 0 <= ticks_diff(now, self.at) < self.period_ms:  # else: the ticks have wrapped since
            return
        self.at = now
        self.hold()  # who is in the midst of writing comes first
        self.sending = True
        told = self.lost
        self.free()
        try:
            self.send(told)
            self.hold()
            self.start = self.count = 0
            self.lost -= told
            self.free()
        except (IotError, MemoryError, OSError):
            pass  # it waits, and goes the next time
        finally:
            self.sending = False

    def send(self, lost):
        scratch, view, end = self.client.scratch, memoryview(self.ring), self.start + self.count
        scratch.seek(0)
        if lost:
            scratch.write("[%d bytes lost]\n" % lost)
        scratch.write(view[self.start : end])
        if end > len(view):
            scratch.write(view[: end - len(view)])
        self.client.publish(self.topic, scratch)

    def guard(self):
        """Threads take turns from now on: poll() is called in one, print() in none."""
        from _thread import allocate_lock

        self.lock = allocate_lock()
