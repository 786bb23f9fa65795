"""Faults below the packets: a TCP relay between device and broker that cuts, stalls, drips and damages bytes.

It never looks into what it carries, so it does the same to plain MQTT and to TLS.
"""

import asyncio
import contextlib
import socket
import struct

from .ports import free_port


class Wire:
    """Carries both directions as they are. Base of the wire faults: `up` and `down` get a chunk and the number of
    bytes carried before it, and yield what to send on; raising Cut ends the link, Stall keeps it open and mute."""

    recv_buffer_bytes = None

    async def opened(self, writer):
        """A device connected: a fault may talk to it itself and return True, then nothing is relayed."""

    async def up(self, data, before):
        yield data

    async def down(self, data, before):
        yield data

    def end(self):
        """One side has closed: pass it on, or raise Stall to keep it from the other."""


class Cut(Exception):
    """End the link here; reset: by RST."""

    def __init__(self, reset=False):
        super().__init__()
        self.reset = reset


class Stall(Exception):
    """Carry nothing in this direction any more, and say nothing."""


class CutWire(Wire):
    """The link ends after `up_bytes` from the device or `down_bytes` to it."""

    def __init__(self, up_bytes=None, down_bytes=None, reset=False):
        self.up_bytes, self.down_bytes, self.reset = up_bytes, down_bytes, reset

    async def _until(self, limit, data, before):
        if limit is None or before + len(data) < limit:
            yield data
            return
        yield data[: limit - before]
        raise Cut(self.reset)

    def up(self, data, before):
        return self._until(self.up_bytes, data, before)

    def down(self, data, before):
        return self._until(self.down_bytes, data, before)


class StallWire(Wire):
    """Half-open: after `down_bytes` (or `up_bytes`) nothing gets through in either direction, and nobody says so."""

    def __init__(self, up_bytes=None, down_bytes=None):
        self.limits = {"up": up_bytes, "down": down_bytes}
        self.stalled = up_bytes == 0 or down_bytes == 0

    async def _until(self, name, data, before):
        limit = self.limits[name]
        if self.stalled:
            raise Stall
        if limit is not None and before + len(data) >= limit:
            self.stalled = True
            yield data[: limit - before]
            raise Stall
        yield data

    def end(self):
        if self.stalled:
            raise Stall

    def up(self, data, before):
        return self._until("up", data, before)

    def down(self, data, before):
        return self._until("down", data, before)


class DripWire(Wire):
    """One byte at a time to the device, `gap_s` apart."""

    def __init__(self, gap_s=0.0):
        self.gap_s = gap_s

    async def down(self, data, before):
        for byte in data:
            yield bytes((byte,))
            await asyncio.sleep(self.gap_s)


class FlipWire(Wire):
    """One byte on its way to the device is damaged."""

    def __init__(self, at):
        self.at = at

    async def down(self, data, before):
        if before <= self.at < before + len(data):
            data = bytearray(data)
            data[self.at - before] ^= 0xFF
        yield bytes(data)


class CutRecordWire(Wire):
    """The link ends after record number `count` of TLS 1.2's application data to the device, which no size of a
    handshake moves."""

    def __init__(self, count):
        self.left = count

    async def down(self, data, before):
        yield data
        self.left -= data.count(b"\x17\x03\x03")
        if self.left <= 0:
            raise Cut


class FlipRecordWire(Wire):
    """One byte of record number `count` of TLS 1.2's application data is damaged on its way to the device."""

    def __init__(self, count):
        self.left = count

    async def down(self, data, before):
        at = data.find(b"\x17\x03\x03")
        if at >= 0:
            self.left -= 1
            if not self.left:
                data = bytearray(data)
                data[at + 12] ^= 0xFF
        yield bytes(data)


class SlowWire(Wire):
    """`delay_s` in each direction."""

    def __init__(self, delay_s):
        self.delay_s = delay_s

    async def up(self, data, before):
        await asyncio.sleep(self.delay_s)
        yield data

    down = up


class NoiseWire(Wire):
    """Answers with bytes of its own whatever the device says, then closes or stays."""

    def __init__(self, data, stay=False):
        self.data, self.stay = data, stay

    async def opened(self, writer):
        writer.write(self.data)
        await writer.drain()
        if self.stay:
            await asyncio.sleep(3600)
        return True


class DeafWire(Wire):
    """Takes nothing from the device after `up_bytes`, with a small window: back-pressure, for `pause_s`."""

    recv_buffer_bytes = 2048

    def __init__(self, up_bytes, pause_s):
        self.up_bytes, self.pause_s = up_bytes, pause_s

    async def up(self, data, before):
        if before <= self.up_bytes < before + len(data):
            await asyncio.sleep(self.pause_s)
        yield data


class Relay:
    """Listens on loopback and carries each connection to `target` ((host, port) or a function of the connection's
    number) under the wire fault that `wires(number)` returns; None means an untouched connection."""

    def __init__(self, target, wires=None):
        self.target, self.wires = target, wires or (lambda number: None)
        self.connections, self.ended, self.port = 0, [], free_port()
        self._tasks, self._server = set(), None

    async def __aenter__(self):
        await self.start()
        return self

    async def start(self):
        listener = listening(self.port, 4096 if self._deaf() else 131072)
        self._server = await asyncio.start_server(self._carry, sock=listener, limit=4096)

    def _deaf(self):
        return any(wire and wire.recv_buffer_bytes for wire in map(self.wires, range(4)))

    async def __aexit__(self, *_):
        self._server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _carry(self, reader, writer):
        self._tasks.add(task := asyncio.current_task())
        task.add_done_callback(self._tasks.discard)
        number, self.connections = self.connections, self.connections + 1
        wire = self.wires(number) or Wire()
        other = None
        try:
            if await wire.opened(writer):
                return
            target = self.target(number) if callable(self.target) else self.target
            back, other = await asyncio.open_connection(*target)
            await self._both(_pump(reader, other, wire.up, wire), _pump(back, writer, wire.down, wire))
        except Cut as cut:
            if cut.reset:
                abort(writer)
        except (ConnectionError, OSError):
            abort(writer)
        except asyncio.CancelledError:
            pass  # the relay ends; asyncio would log it
        finally:
            self.ended.append(number)
            for end in (writer, other):
                if end is not None:
                    end.close()

    async def _both(self, *pumps):
        tasks = [asyncio.get_running_loop().create_task(pump) for pump in pumps]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            for task in tasks:
                task.cancel()


def listening(port, recv_buffer_bytes=None):
    """A listener on loopback, for asyncio.start_server."""
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    # what it accepts inherits this; by Nagle's algorithm a packet would wait for an ACK, which the kernel delays
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if recv_buffer_bytes:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, recv_buffer_bytes)
    listener.bind(("127.0.0.1", port))
    listener.listen(64)
    listener.setblocking(False)
    return listener


async def _pump(reader, writer, carry, wire):
    """One direction, until its end of file."""
    before = 0
    try:
        while data := await reader.read(4096):
            async for piece in carry(data, before):
                writer.write(piece)
                await writer.drain()
            before += len(data)
        wire.end()
    except Stall:
        await asyncio.sleep(3600)


def abort(writer):
    """End a stream by RST."""
    with contextlib.suppress(OSError):
        sock = writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        writer.transport.abort()


class BlackHole:
    """A port that answers no SYN: its backlog is full and nobody accepts. A context manager; `port` is the address."""

    def __enter__(self):
        self._listener = socket.socket()
        self._listener.bind(("127.0.0.1", 0))
        self._listener.listen(0)
        self.port = self._listener.getsockname()[1]
        self._fillers = []
        for _ in range(4):
            filler = socket.socket()
            filler.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                filler.connect(("127.0.0.1", self.port))
            self._fillers.append(filler)
        return self

    def __exit__(self, *_):
        for one in [*self._fillers, self._listener]:
            one.close()
