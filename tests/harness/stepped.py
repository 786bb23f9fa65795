"""Time that advances only when nothing else can happen: one clock for a test and for the device that it watches.

What a fault does to a device is a matter of order: is the answer there before the time-out? On a busy machine real time
gives another order than on a quiet one. So here time is a number of milliseconds that stands as long as anybody has
something to do. A test runs by `run`, in an asyncio loop that goes by this time: its sleeps, time-outs and brokers take
no real time. The device is a process of its own, of which tests/faults/programs/stepped.py is the other half; it tells,
on a loopback connection, when it waits and until when. When the loop has nothing to do either,

1. it looks for what the device sent before it said so: that came by the same way, so it is there;
2. it offers the device the next moment at which anything is due on either side. The device looks at its sockets again:
   what is there comes before the offer, which then gets no answer;
3. it goes on when the device says that it is that moment now, or with what the device does instead.

While the device runs, and while its process starts or ends, time stands, however slow the machine. Real time judges
nothing but a hang: no sign of life for HANG_S. A process that is stopped by a signal holds nothing up.

The device's record is three numbers: which of its waits, the time, and until when it waits (now: it runs). An offer is
three: the wait that it answers, the moment, and the next moment at which anything is due here: until then a device
without a connection goes on by itself, and says what time it is when it connects or prints.
"""

import asyncio
import contextlib
import math
import selectors
import socket
import struct

HANG_S = 120
_RECORD = _OFFER = struct.Struct("=III")
_NEVER = (1 << 30) - 1  # ms; the largest integer that takes no heap on a board


def run(main):
    """asyncio.run, by a clock of its own that begins at 0."""
    loop = Loop()
    asyncio.set_event_loop(loop)
    try:
        return loop.run_until_complete(main)
    finally:
        for task in (left := asyncio.all_tasks(loop)):
            task.cancel()
        loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
        loop.run_until_complete(loop.shutdown_asyncgens())
        asyncio.set_event_loop(None)
        loop.close()


class Loop(asyncio.SelectorEventLoop):
    """An event loop in stepped time."""

    def __init__(self):
        self.clock = Clock()
        super().__init__(self.clock)

    def time(self):
        return self.clock.now / 1000


class Clock(selectors.DefaultSelector):
    """The time in ms, kept where a loop waits: in its selector."""

    def __init__(self):
        super().__init__()
        self.now, self.device = 0, None
        self._lookers, self._looked = [], False
        with socket.create_server(("127.0.0.1", 0)) as listener:
            self._far = socket.create_connection(listener.getsockname())
            self._near, _ = listener.accept()

    def close(self):
        super().close()
        self._far.close()
        self._near.close()

    def select(self, timeout=None):
        """What is ready, at the latest `timeout` seconds of this clock from now."""
        due = _NEVER if timeout is None else min(_NEVER, self.now + math.ceil(timeout * 1000 - 1e-6))
        if due > self.now:
            self._flush()
        ready = self._look(0)
        if not ready and due > self.now and self._lookers and not self._looked:
            self._let_look()
            return ready
        self._looked = False
        while not ready and self.now < due:
            until = self.device.until if self.device else _NEVER
            moment = _NEVER if until is None else max(self.now, min(due, until))
            if moment == _NEVER:
                ready = self._wait()
            elif until == _NEVER:
                self.now = moment
            else:
                self.device.offer(moment, due)
            ready = ready or self._look(0)
        return ready

    async def settled(self):
        """Until nothing is to be done here at this moment: each time before the loop waits."""
        self._lookers.append(looker := asyncio.get_running_loop().create_future())
        await looker

    def _let_look(self):
        self._looked = True
        while self._lookers:
            looker = self._lookers.pop()
            if not looker.done():
                looker.set_result(None)

    def _flush(self):
        """Loopback is a queue: when this has come, all that this process sent before has."""
        self._far.send(b".")
        self._near.recv(1)

    def _look(self, real_s):
        """What is ready within `real_s`, except for the device's records, which are taken."""
        ready = []
        for key, mask in super().select(real_s):
            if isinstance(key.data, Stepped):
                key.data.hear(key.fileobj)
            else:
                ready.append((key, mask))
        return ready

    def _wait(self):
        """For a sign of the device, or of anything else that is real."""
        signs = self.device and self.device.signs
        ready = self._look(HANG_S if self.device else None)
        if not ready and self.device and self.device.signs == signs:
            self.device.hangs()
        return ready


class Stepped:
    """What a clock knows of a device, from before its process starts until after it has ended.

    `hangs` is called when it gives no sign of life; `stopped` is set while its process is.
    """

    def __init__(self, clock, hangs):
        self.clock, self.hangs = clock, hangs
        self.signs, self.stopped, self._wait, self._until, self._link = 0, False, 0, None, None
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.clock.register(self._listener, selectors.EVENT_READ, self)
        self.clock.device = self

    @property
    def environment(self):
        """For the process: where to tell of its waits, and what time it is."""
        return {"TIME": f"{self._listener.getsockname()[1]} {self.clock.now}"}

    @property
    def until(self):
        """When its wait ends, in ms; None: it does not wait."""
        return _NEVER if self.stopped else self._until

    def hear(self, source):
        """It connected, said something, or ended."""
        self.signs += 1
        if source is self._listener:
            self._link, _ = source.accept()
            self._link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.clock.register(self._link, selectors.EVENT_READ, self)
            return
        data = b""
        with contextlib.suppress(ConnectionError):
            data = source.recv(_RECORD.size, socket.MSG_WAITALL)
        if len(data) < _RECORD.size:
            self._until = None
            self.clock.unregister(source)
            return
        self._wait, now, until = _RECORD.unpack(data)
        self.clock.now = max(self.clock.now, now)
        self._until = until if until > now else None

    def offer(self, moment, due):
        """Let it be `moment`, if it still waits; nothing is due here before `due`."""
        self._until = None
        with contextlib.suppress(ConnectionError):  # it was killed while it waited
            self._link.send(_OFFER.pack(self._wait, moment, due))

    def leave(self):
        """The process has ended."""
        self.clock.device = None
        for end in (self._listener, self._link):
            if end:
                with contextlib.suppress(KeyError):
                    self.clock.unregister(end)
                end.close()
