"""A scripted MQTT 3.1.1 broker: honest by itself, and as faulty as the list of faults that it is given.

It records what each client sent and when, and keeps the client to AWS's rules (facts on limits:
https://docs.aws.amazon.com/general/latest/gr/iot-core.html#message-broker-limits). Faults are in broker_faults.py,
those below the packets in broker_wire.py.

    async with Broker([Withhold(PUBACK, times=1)]) as broker:
        ...                         # a device connects to broker.port
        assert broker.published[-1].dup
"""

import asyncio
import contextlib
from dataclasses import dataclass, field

from . import broker_packets as mqtt
from .broker_rules import Rules
from .broker_websocket import Socket
from .broker_wire import abort, listening
from .ports import free_port

_FIN_S = 0.05  # from close_notify to FIN


@dataclass
class Session:
    """What outlives a connection: subscriptions, and QoS 1 messages on their way in either direction."""

    filters: dict = field(default_factory=dict)
    inflight: dict = field(default_factory=dict)  # packet id -> (topic, payload), sent and not acknowledged
    waiting: list = field(default_factory=list)  # arrived while the client was away
    unacked: dict = field(default_factory=dict)  # the client's own QoS 1 publishes: packet id -> (topic, payload)
    last_id: int = 0

    def next_id(self):
        while True:
            self.last_id = self.last_id % 65535 + 1
            if self.last_id not in self.inflight:
                return self.last_id


class Link:
    """One connection: its packets in the order of arrival, and how it ended."""

    def __init__(self, broker, index, reader, writer):
        self.broker, self.index, self.reader, self.writer = broker, index, reader, writer
        self.packets, self.client_id, self.session = [], None, None
        self.opened_at, self.closed_at, self.ended_by = broker.now(), None, None
        self.present, self.clean_end, self.connect, self.watch = False, False, None, None
        self.rules, self._turn = Rules(self), asyncio.Lock()

    def sent(self, kind):
        """The client's packets of one kind."""
        return [packet for packet in self.packets if packet.kind == kind]

    async def write(self, *pieces, gap_s=0):
        """Put bytes on the wire, past every fault; several pieces `gap_s` apart, with nothing else between them."""
        if self._turn.locked():
            # said after what is being said now; the broker goes on reading meanwhile
            self.broker.spawn(self._say(pieces, gap_s))
        else:
            await self._say(pieces, gap_s)

    async def _say(self, pieces, gap_s):
        async with self._turn:
            for piece in pieces:
                if self.writer.is_closing():
                    return
                self.writer.write(piece)
                with contextlib.suppress(ConnectionError):  # the client is gone; reading tells
                    await self.writer.drain()
                if len(pieces) > 1:
                    await asyncio.sleep(gap_s)

    async def send(self, data):
        """Say something to the client, through the faults."""
        await self.broker.send(self, data)

    def close(self, reset=False):
        """End the link as the server: FIN, or RST."""
        self.ended_by = self.ended_by or ("reset" if reset else "server")
        if reset:
            abort(self.writer)
        else:
            self.writer.close()
            # asyncio waits for the client's close_notify before it closes TCP; AWS does not
            asyncio.get_running_loop().call_later(_FIN_S, self.writer.transport.abort)


class Broker:
    """Listens on loopback. faults: asked in order for each packet in either direction. services: called with each
    publish. websocket: behind one. copies: a message goes to a client once for each of its filters that takes it, as
    Mosquitto 2.1 has it, and not once for all of them; section 3.3.5 leaves that to the server."""

    def __init__(self, faults=(), tls=None, services=(), websocket=False, copies=False):
        self.faults, self.tls, self.services, self._websocket = list(faults), tls, list(services), websocket
        self.copies = copies
        self.links, self.published, self.wills, self.violations = [], [], [], []
        self.sessions, self.delivered, self.port = {}, [], 0
        self._servers, self._ports, self._tasks = [], [], set()

    def now(self):
        return asyncio.get_running_loop().time()

    async def __aenter__(self):
        self.port = await self.listen(self.tls)
        return self

    async def __aexit__(self, *_):
        await self.stop()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def listen(self, tls=None, port=None):
        """One more listener of the same broker, with certificates of its own; its port."""
        port = port or free_port()
        server = await asyncio.start_server(self._serve, sock=listening(port), ssl=tls)
        self._servers.append(server)
        if (port, tls) not in self._ports:
            self._ports.append((port, tls))
        return port

    async def stop(self, reset=False):
        """Stop listening and drop every link: a broker that went down."""
        for server in self._servers:
            server.close()
        self._servers.clear()
        for link in self.live():
            link.close(reset)

    async def start(self):
        """Listen again where it listened before; sessions were kept."""
        for port, tls in list(self._ports):
            await self.listen(tls, port)

    def live(self):
        return [link for link in self.links if link.closed_at is None]

    def link_of(self, client_id):
        return next(
            (
                link
                for link in reversed(self.links)
                if link.client_id == client_id and link.closed_at is None and not link.ended_by
            ),
            None,
        )

    def spawn(self, work):
        """Run a coroutine beside the links; it ends with the broker."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    # -- one connection --

    async def _serve(self, reader, writer):
        if self._websocket:
            reader = writer = Socket(reader, writer)
        link = Link(self, len(self.links), reader, writer)
        self.links.append(link)
        self._tasks.add(task := asyncio.current_task())
        task.add_done_callback(self._tasks.discard)
        try:
            for fault in self.faults:
                await fault.opened(link)
            await self._read(link)
        except mqtt.Malformed as error:
            link.rules.broken(str(error))
        except (ConnectionError, OSError):
            link.ended_by = link.ended_by or "client"
        except asyncio.CancelledError:
            pass  # the broker ends; asyncio would log it
        finally:
            self._closed(link)

    async def _read(self, link):
        buffer = bytearray()
        while data := await link.reader.read(65536):
            buffer += data
            while True:
                packet, used = mqtt.decode(buffer)
                if packet is None:
                    break
                del buffer[:used]
                packet.at = self.now()
                link.packets.append(packet)
                link.rules.check(packet)
                await self._through(link, packet, 0)
        link.ended_by = link.ended_by or "client"

    def _closed(self, link):
        link.closed_at = self.now()
        if link.watch:
            link.watch.cancel()
        link.ended_by = link.ended_by or "client"
        if not link.clean_end and link.connect is not None and link.connect.will:
            self.wills.append(link.connect.will)
        with contextlib.suppress(OSError, RuntimeError):
            link.writer.close()

    async def _keep_alive(self, link):
        """Drop a client that was silent for 1.5 times its keep-alive (MQTT-3.1.2-24)."""
        while (left := link.packets[-1].at + 1.5 * link.connect.keepalive - self.now()) > 0:
            await asyncio.sleep(left)
        link.ended_by = link.ended_by or "keep-alive"
        link.close()

    async def _through(self, link, packet, depth):
        """The packet passes every fault, then the honest broker."""
        if depth == len(self.faults):
            return await _ANSWERS[packet.kind](self, link, packet)

        async def forward(changed=packet):
            await self._through(link, changed, depth + 1)

        await self.faults[depth].receive(link, packet, forward)

    async def send(self, link, data, depth=0):
        """The answer passes every fault, then the wire."""
        if depth == len(self.faults):
            link.rules.answered(data)
            return await link.write(data)

        async def forward(changed=data):
            await self.send(link, changed, depth + 1)

        await self.faults[depth].send(link, data, forward)

    # -- the honest answers --

    async def _connect(self, link, packet):
        link.client_id, link.connect = packet.client_id, packet
        if packet.keepalive:
            link.watch = self.spawn(self._keep_alive(link))
        other = next(
            (
                one
                for one in self.links
                if one is not link and one.client_id == packet.client_id and one.closed_at is None
            ),
            None,
        )
        if other:
            other.ended_by = other.ended_by or "takeover"
            other.close()
        link.present = not packet.clean and packet.client_id in self.sessions
        if not link.present:
            self.sessions[packet.client_id] = Session()
        link.session = self.sessions[packet.client_id]
        await link.send(mqtt.connack(0, link.present))
        for pid, (topic, payload) in list(link.session.inflight.items()):
            await link.send(mqtt.publish(topic, payload, 1, pid, dup=True))
        waiting, link.session.waiting = link.session.waiting, []
        for topic, payload in waiting:
            await self._deliver(link, link.session, topic, payload, 1)

    async def _publish(self, link, packet):
        self.published.append(packet)
        if packet.qos:
            link.session.unacked[packet.pid] = (packet.topic, packet.payload)
            await link.send(mqtt.puback(packet.pid))
        for service in self.services:
            await service(self, link, packet)
        await self.publish(packet.topic, packet.payload, packet.qos)

    async def _subscribe(self, link, packet):
        link.session.filters.update(packet.filters)
        await link.send(mqtt.suback(packet.pid, [qos for _, qos in packet.filters]))

    async def _unsubscribe(self, link, packet):
        for name, _ in packet.filters:
            link.session.filters.pop(name, None)
        await link.send(mqtt.unsuback(packet.pid))

    async def _puback(self, link, packet):
        link.session.inflight.pop(packet.pid, None)

    async def _pingreq(self, link, packet):
        await link.send(mqtt.pingresp())

    async def _disconnect(self, link, packet):
        link.clean_end, link.ended_by = True, "client"
        if link.connect.clean:
            self.sessions.pop(link.client_id, None)
        link.close()

    async def publish(self, topic, payload=b"", qos=0):
        """Deliver to every session with a matching subscription: now, or at QoS 1 when its client is back."""
        for client_id, session in list(self.sessions.items()):
            granted = [level for name, level in session.filters.items() if mqtt.matches(name, topic)]
            if not granted:
                continue
            for level in granted if self.copies else [max(granted)]:
                link = self.link_of(client_id)
                if link is not None:
                    await self._deliver(link, session, topic, payload, min(qos, level))
                elif min(qos, level):
                    session.waiting.append((topic, payload))

    async def _deliver(self, link, session, topic, payload, qos):
        self.delivered.append((topic, bytes(payload)))
        pid = 0
        if qos:
            pid = session.next_id()
            session.inflight[pid] = (topic, payload)
        with contextlib.suppress(ConnectionError):
            await link.send(mqtt.publish(topic, payload, qos, pid))


_ANSWERS = {
    mqtt.CONNECT: Broker._connect,
    mqtt.PUBLISH: Broker._publish,
    mqtt.SUBSCRIBE: Broker._subscribe,
    mqtt.UNSUBSCRIBE: Broker._unsubscribe,
    mqtt.PUBACK: Broker._puback,
    mqtt.PINGREQ: Broker._pingreq,
    mqtt.DISCONNECT: Broker._disconnect,
}
