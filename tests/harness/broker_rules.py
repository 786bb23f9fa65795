"""What AWS and MQTT 3.1.1 ask of a client, judged on each packet that it sends; breaches go to broker.violations."""

from . import broker_packets as mqtt

_MAX_PAYLOAD_BYTES, _MAX_TOPIC_BYTES, _MAX_SLASHES, _MAX_FILTERS = 131072, 256, 7, 8


class Rules:
    """The state of one link that the rules need."""

    def __init__(self, link):
        self.link = link
        self._acknowledged = False  # a CONNACK with code 0 was sent
        self._published = {}  # packet id -> (topic, payload), last on this link
        self._open = set()  # packet ids of those that no PUBACK was sent for

    def broken(self, text):
        self.link.broker.violations.append(f"link {self.link.index}: {text}")

    def answered(self, data):
        """The broker says `data` to the client."""
        kind = data[0] >> 4
        if kind == mqtt.CONNACK and data[3:4] == b"\0":
            self._acknowledged = True
        elif kind == mqtt.PUBACK and len(data) == 4:
            pid = data[2] << 8 | data[3]
            self._open.discard(pid)
            if self.link.session:
                self.link.session.unacked.pop(pid, None)

    def check(self, packet):
        """Judge one packet from the client."""
        first = len(self.link.packets) == 1
        if first != (packet.kind == mqtt.CONNECT):
            self.broken(f"{packet.name} as packet {len(self.link.packets)}")
        elif not first and not self._acknowledged:
            self.broken(f"{packet.name} before CONNACK")
        if self.link.clean_end:
            self.broken(f"{packet.name} after DISCONNECT")
        if packet.kind == mqtt.PUBLISH:
            self._limits([packet.topic])
            if len(packet.payload) > _MAX_PAYLOAD_BYTES:
                self.broken(f"payload of {len(packet.payload)} bytes")
            if packet.qos:
                self._at_least_once(packet)
        elif packet.kind == mqtt.SUBSCRIBE:
            self._limits([name for name, _ in packet.filters])
            if len(packet.filters) > _MAX_FILTERS:
                self.broken(f"{len(packet.filters)} filters in one SUBSCRIBE")

    def _limits(self, names):
        for name in names:
            if len(name.encode()) > _MAX_TOPIC_BYTES or name.count("/") > _MAX_SLASHES:
                self.broken(f"topic over AWS's limits: {name}")

    def _at_least_once(self, packet):
        """Retransmission by MQTT 3.1.1 section 4.4: same id, same content, DUP; a new session knows no DUP."""
        message, session = (packet.topic, packet.payload), self.link.session
        earlier = self._published.get(packet.pid)
        unacknowledged = earlier if packet.pid in self._open else None
        if earlier is None and self.link.present:
            earlier = unacknowledged = session.unacked.get(packet.pid)
            if earlier is None and message in session.unacked.values():
                self.broken(f"sent again under another id: {packet}")
        if unacknowledged is not None and unacknowledged != message:
            self.broken(f"packet id {packet.pid} used again while in flight")
        elif unacknowledged is not None and not packet.dup:
            self.broken(f"sent again without DUP: {packet}")
        elif packet.dup and earlier != message and not self.link.present:
            self.broken(f"DUP in a session that knows nothing of it: {packet}")
        self._published[packet.pid] = message
        self._open.add(packet.pid)
