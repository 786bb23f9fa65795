"""Faults of a broker, one small class each: what it does to the packets of a link, in either direction.

A fault sees each client packet in `receive` and each server packet in `send`, and passes it on by awaiting
`forward()` (or `forward(changed)`): not calling it withholds, calling it twice repeats.
"""

import asyncio

from . import broker_packets as mqtt


class Fault:
    """Passes everything. The base of all: times bounds how often it acts (None: always), after lets as many
    packets of its kind pass first, links restricts it to connections of these numbers (0 is the first)."""

    def __init__(self, times=None, after=0, links=None):
        self.left, self.after, self.links = times, after, links

    def acts(self, link):
        """Is it this fault's turn? Counts."""
        if self.links is not None and link.index not in self.links:
            return False
        if self.after > 0:
            self.after -= 1
            return False
        if self.left is not None:
            self.left -= 1
            return self.left >= 0
        return True

    async def opened(self, link):
        """A connection was accepted, nothing has been read."""

    async def receive(self, link, packet, forward):
        await forward()

    async def send(self, link, data, forward):
        await forward()


class _OnSend(Fault):
    """Acts on server packets of one kind (None: all)."""

    def __init__(self, kind, times=None, after=0, links=None):
        super().__init__(times, after, links)
        self.kind = kind

    async def send(self, link, data, forward):
        if self.kind not in (None, data[0] >> 4) or not self.acts(link):
            return await forward()
        await self.act(link, data, forward)


class Withhold(_OnSend):
    """The server never says it."""

    async def act(self, link, data, forward):
        pass


class Late(_OnSend):
    """Said `delay_s` later; what comes after it may overtake it."""

    def __init__(self, kind, delay_s, **select):
        super().__init__(kind, **select)
        self.delay_s = delay_s

    async def act(self, link, data, forward):
        async def later():
            await asyncio.sleep(self.delay_s)
            await forward()

        link.broker.spawn(later())


class Latency(Fault):
    """Each packet takes `delay_s` in each direction, and keeps its place."""

    def __init__(self, delay_s, **select):
        super().__init__(**select)
        self.delay_s = delay_s
        self._due = {}  # (link, direction) -> when the last packet arrives

    async def receive(self, link, packet, forward):
        self._later(link, "up", forward)

    async def send(self, link, data, forward):
        self._later(link, "down", forward)

    def _later(self, link, direction, forward):
        before = self._due.get((link.index, direction))

        async def deliver():
            await asyncio.sleep(self.delay_s)
            if before:
                await asyncio.wait([before])
            await forward()

        self._due[link.index, direction] = link.broker.spawn(deliver())


class Repeat(_OnSend):
    """Said `copies` times."""

    def __init__(self, kind, copies=2, **select):
        super().__init__(kind, **select)
        self.copies = copies

    async def act(self, link, data, forward):
        for _ in range(self.copies):
            await forward()


class Reorder(_OnSend):
    """`count` packets of one kind are held back and then said last first."""

    def __init__(self, kind, count, **select):
        super().__init__(kind, **select)
        self.count, self._held = count, []

    async def act(self, link, data, forward):
        self._held.append(forward)
        if len(self._held) == self.count:
            while self._held:
                await self._held.pop()()


class Replace(_OnSend):
    """Other bytes go out in its place; `data` may be a function of the original packet."""

    def __init__(self, kind, data, times=1, **select):
        super().__init__(kind, times, **select)
        self.data = data

    async def act(self, link, data, forward):
        await forward(self.data(data) if callable(self.data) else self.data)


class Insert(_OnSend):
    """More bytes in the same segment as the packet, before it or behind it."""

    def __init__(self, kind, before=b"", behind=b"", times=1, **select):
        super().__init__(kind, times, **select)
        self.before, self.behind = before, behind

    async def act(self, link, data, forward):
        link.rules.answered(data)
        await link.write(self.before + data + self.behind)


class Split(_OnSend):
    """Arrives in segments of `size` bytes, `gap_s` apart."""

    def __init__(self, kind=None, size=1, gap_s=0.0005, **select):
        super().__init__(kind, **select)
        self.size, self.gap_s = size, gap_s

    async def act(self, link, data, forward):
        link.rules.answered(data)
        pieces = [data[at : at + self.size] for at in range(0, len(data), self.size)]
        await link.write(*pieces, gap_s=self.gap_s)


class Corrupt(_OnSend):
    """One byte of the packet is flipped: a broken server, since TCP and TLS would notice a broken line."""

    def __init__(self, kind, at, mask=0xFF, times=1, **select):
        super().__init__(kind, times, **select)
        self.at, self.mask = at, mask

    async def act(self, link, data, forward):
        changed = bytearray(data)
        changed[self.at] ^= self.mask
        await link.write(bytes(changed))


class Truncate(_OnSend):
    """Only the first `size` bytes arrive; then silence, or the end of the link when `close` is set."""

    def __init__(self, kind, size, close=False, reset=False, times=1, **select):
        super().__init__(kind, times, **select)
        self.size, self.close, self.reset = size, close or reset, reset
        self._silent = set()

    async def act(self, link, data, forward):
        await link.write(data[: self.size])
        self._silent.add(link.index)
        if self.close:
            link.close(self.reset)

    async def send(self, link, data, forward):
        if link.index not in self._silent:
            await super().send(link, data, forward)


class CloseAfter(_OnSend):
    """Says it, then hangs up at once."""

    def __init__(self, kind, reset=False, **select):
        super().__init__(kind, **select)
        self.reset = reset

    async def act(self, link, data, forward):
        await forward()
        link.close(self.reset)


class CloseLater(_OnSend):
    """Says it, and hangs up some seconds later: a link that flaps."""

    def __init__(self, kind, delay_s, reset=False, **select):
        super().__init__(kind, **select)
        self.delay_s, self.reset = delay_s, reset

    async def act(self, link, data, forward):
        await forward()
        asyncio.get_running_loop().call_later(self.delay_s, link.close, self.reset)


class CloseOn(Fault):
    """Hangs up on a client packet of one kind (and topic, when given) instead of answering: AWS's only word of
    refusal in MQTT 3.1.1, e.g. for a denied publish."""

    def __init__(self, kind, topic=None, reset=False, **select):
        super().__init__(**select)
        self.kind, self.topic, self.reset = kind, topic, reset

    async def receive(self, link, packet, forward):
        named = self.topic is None or self.topic == packet.topic or self.topic in dict(packet.filters)
        if packet.kind != self.kind or not named or not self.acts(link):
            return await forward()
        link.close(self.reset)


class CloseOnOpen(Fault):
    """Hangs up as soon as the connection (and its handshake) is there."""

    def __init__(self, reset=False, **select):
        super().__init__(**select)
        self.reset = reset

    async def opened(self, link):
        if self.acts(link):
            link.close(self.reset)


class Silence(Fault):
    """From a client packet of one kind on, the link stays open and nothing is answered any more."""

    def __init__(self, kind, **select):
        super().__init__(**select)
        self.kind, self._silent = kind, set()

    async def receive(self, link, packet, forward):
        if packet.kind == self.kind and link.index not in self._silent and self.acts(link):
            self._silent.add(link.index)
        if link.index not in self._silent:
            await forward()

    async def send(self, link, data, forward):
        if link.index not in self._silent:
            await forward()


class StopReading(Fault):
    """After a client packet of one kind the server reads nothing for `pause_s`: the client's window closes."""

    def __init__(self, kind, pause_s, **select):
        super().__init__(**select)
        self.kind, self.pause_s = kind, pause_s

    async def receive(self, link, packet, forward):
        await forward()
        if packet.kind == self.kind and self.acts(link):
            await asyncio.sleep(self.pause_s)


class Refuse(_OnSend):
    """CONNACK with a refusal code, then the end of the link (MQTT-3.2.2-5)."""

    def __init__(self, code, times=1, **select):
        super().__init__(mqtt.CONNACK, times, **select)
        self.code = code

    async def act(self, link, data, forward):
        await forward(mqtt.connack(self.code))
        link.close()


class Present(_OnSend):
    """Lies about the session in CONNACK."""

    def __init__(self, present, **select):
        super().__init__(mqtt.CONNACK, **select)
        self.present = present

    async def act(self, link, data, forward):
        await forward(mqtt.connack(0, self.present))


class Grant(_OnSend):
    """SUBACK with these return codes, whatever was asked."""

    def __init__(self, codes, times=1, **select):
        super().__init__(mqtt.SUBACK, times, **select)
        self.codes = codes

    async def act(self, link, data, forward):
        await forward(mqtt.suback(data[2] << 8 | data[3], self.codes))
