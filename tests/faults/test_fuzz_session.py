"""hypothesis over whole sessions: a client and a server of real sockets in one process, driven step by step.

Whatever the server says, in whatever pieces, and whatever the application does: only documented errors leave a call, no
call hangs, memory stays bounded, the client is in one of its four states, and an honest server can always be talked to.
"""

import contextlib
import json
import os
import socket
from collections import deque

import pytest
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from aws_iot.errors import IotError
from aws_iot.mqtt import MQTTClient
from aws_iot.shadow import Shadow
from tests.harness import broker_packets as mqtt

_SECONDS = float(os.environ.get("FUZZ_SECONDS", "0"))
_QUEUE_BYTES, _PACKET_BYTES = 2000, 4096
_LOOKS = 10_000  # at the clock, in one call; what waits for 20 ms looks some dozens of times

_ids = st.integers(0, 20)
_topics = st.sampled_from(["a", "a/b", "b/c", "other"])
_payloads = st.binary(max_size=300)
_SHADOW = "$aws/things/fuzz/shadow/"
_filters = st.sampled_from(["a", "a/#", "+/b", "b/c"])
_states = st.dictionaries(st.sampled_from("klm"), st.none() | st.integers() | st.just({"n": 1}), max_size=3)
# what the shadow service says, or nearly
_documents = st.one_of(
    st.fixed_dictionaries({"state": _states, "version": st.integers(0, 9)}),
    st.fixed_dictionaries({"state": st.fixed_dictionaries({"delta": _states}), "version": st.integers(0, 9)}),
    st.fixed_dictionaries({"code": st.sampled_from((400, 404, 409, 429, 500)), "clientToken": st.just("x")}),
    st.sampled_from([None, [], 1, {"state": []}, {"state": {"delta": 1}}, {"version": None}, {"code": "x"}]),
).map(lambda document: json.dumps(document).encode())
_answers = st.sampled_from(["get/accepted", "get/rejected", "update/accepted", "update/rejected", "update/delta"])
_packets = st.one_of(
    st.builds(mqtt.connack, st.integers(0, 6), st.booleans()),
    st.builds(mqtt.puback, _ids),
    st.builds(mqtt.suback, _ids, st.lists(st.sampled_from((0, 1, 2, 0x80)), max_size=4)),
    st.builds(mqtt.unsuback, _ids),
    st.just(mqtt.pingresp()),
    st.builds(mqtt.publish, _topics, _payloads, st.integers(0, 2), _ids, st.booleans(), st.booleans()),
    st.builds(mqtt.publish, _topics, st.just(bytes(6000)), st.integers(0, 1), _ids),
    st.builds(mqtt.publish, _answers.map(_SHADOW.__add__), _documents, st.integers(0, 1), st.integers(1, 20)),
    st.builds(mqtt.encode, st.integers(0, 255), st.binary(max_size=20)),
    st.binary(max_size=40),
)


class Server:
    """The other end: takes what the client writes, and says what it is told to."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.listener.setblocking(False)
        self.port = self.listener.getsockname()[1]
        self.link, self.buffer, self.pending = None, bytearray(), deque()

    def take(self):
        """Accept, read, and remember what waits for an answer."""
        try:
            link, _ = self.listener.accept()
            self.drop()
            link.setblocking(False)
            self.link, self.buffer = link, bytearray()
            self.pending.clear()
        except BlockingIOError:
            pass
        try:
            data = self.link.recv(65536) if self.link else b""
        except (BlockingIOError, ConnectionError):
            return
        self.buffer += data
        while True:
            packet, used = mqtt.decode(self.buffer)
            if packet is None:
                return
            del self.buffer[:used]
            self.pending.append(packet)

    def answer(self, packet, present=False):
        """What an honest server says; its shadow is empty."""
        service = b""
        if packet.kind == mqtt.PUBLISH and packet.topic in (_SHADOW + "get", _SHADOW + "update"):
            document = {**json.loads(packet.payload or b"{}"), "version": 1}
            service = mqtt.publish(packet.topic + "/accepted", json.dumps(document).encode())
        return (
            service
            + {
                mqtt.CONNECT: lambda: mqtt.connack(0, present),
                mqtt.PUBLISH: lambda: mqtt.puback(packet.pid) if packet.qos else b"",
                mqtt.SUBSCRIBE: lambda: mqtt.suback(packet.pid, [qos for _, qos in packet.filters]),
                mqtt.UNSUBSCRIBE: lambda: mqtt.unsuback(packet.pid),
                mqtt.PINGREQ: mqtt.pingresp,
            }.get(packet.kind, lambda: b"")()
        )

    def say(self, data):
        if self.link and data:
            try:
                self.link.send(data)
            except OSError:
                pass

    def drop(self):
        if self.link:
            self.link.close()
            self.link = None

    def close(self):
        self.drop()
        self.listener.close()


class Sessions(RuleBasedStateMachine):
    """The rules are what can happen next."""

    def __init__(self):
        super().__init__()
        self.now = self.looks = 0
        self.server = Server()
        self.calls, self.blocked, self.helpful = 0, 0, False

    @initialize(
        clean=st.booleans(), window=st.integers(1, 4), keepalive=st.sampled_from((0, 30)), handles=st.booleans()
    )
    def begin(self, clean, window, keepalive, handles):
        self.client = MQTTClient(
            "fuzz", "127.0.0.1", self.server.port, keepalive=keepalive, clean_session=clean, window=window,
            queue_bytes=_QUEUE_BYTES, packet_bytes=_PACKET_BYTES, timeout_ms=200, ticks_ms=self.ticks, random=lambda: 0,
        )  # fmt: skip
        self.client.set_callback(self.called)
        self.shadow = Shadow(self.client, "fuzz")
        if handles:
            self.shadow.on_delta(lambda state: state)

    def ticks(self):
        """A call that waits sees the clock run, and a server that answers when it is helpful."""
        self.looks += 1
        assert self.looks < _LOOKS, "the call hung"
        if self.blocked:
            self.now += 2
            self.server.take()
            while self.helpful and self.server.pending:
                self.server.say(self.server.answer(self.server.pending.popleft()))
        return int(self.now) % (1 << 30)

    def called(self, topic, payload):
        self.calls += 1
        if payload[:1] == b"\0":
            raise KeyError("a bug in the application")
        if payload[:1] == b"\1":
            self.client.publish("reply", b"x", qos=payload[1:2] < b"\x80")
        if payload[:1] == b"\2":
            self.waits(self.shadow.get, True, timeout_ms=20)

    def attempt(self, function, *args, **options):
        """Documented errors only, and in time."""
        self.looks = 0
        with contextlib.suppress(IotError, ValueError):
            function(*args, **options)

    def waits(self, function, helpful, *args, **options):
        """A call that may wait, for at most 20 ms or twice that."""
        before = self.helpful
        self.blocked, self.helpful, self.client.timeout_ms = self.blocked + 1, helpful, 20
        try:
            self.attempt(function, *args, **options)
        finally:
            self.blocked, self.helpful, self.client.timeout_ms = self.blocked - 1, before, 200
        if not self.blocked:
            assert not self.client.requests, "a request is over and still waited for"

    def step(self, times=3):
        for _ in range(times):
            self.server.take()
            self.attempt(self.client.poll, 1)
            self.now += 1

    @rule(times=st.integers(1, 5))
    def poll(self, times):
        self.step(times)

    @rule(milliseconds=st.sampled_from((50, 1000, 6000, 40000)))
    def time_passes(self, milliseconds):
        self.now += milliseconds
        self.step()

    @rule(data=_packets, cut=st.integers(1, 400))
    def server_says(self, data, cut):
        self.server.say(data[:cut])
        self.step(1)
        self.server.say(data[cut:])
        self.step(1)

    @rule(present=st.booleans(), honest=st.booleans(), count=st.integers(1, 4))
    def server_answers(self, present, honest, count):
        for _ in range(count):
            if self.server.pending:
                packet = self.server.pending.popleft() if honest else self.server.pending.pop()
                self.server.say(self.server.answer(packet, present))
        self.step()

    @rule()
    def server_drops(self):
        self.server.drop()
        self.step()

    @precondition(lambda self: self.client.window > 1)
    @rule(topic=_topics, payload=st.binary(max_size=900), qos=st.integers(0, 1))
    def publish(self, topic, payload, qos):
        self.client.timeout_ms = 0  # do not wait for room
        self.attempt(self.client.publish, topic, payload, False, qos)
        self.client.timeout_ms = 200
        self.step(1)

    @precondition(lambda self: self.client.window == 1)
    @rule(topic=_topics, payload=st.binary(max_size=900), qos=st.integers(0, 1), helpful=st.booleans())
    def publish_and_wait(self, topic, payload, qos, helpful):
        self.waits(self.client.publish, helpful, topic, payload, False, qos)

    @rule(topic=_filters, helpful=st.booleans())
    def subscribe(self, topic, helpful):
        self.waits(self.client.subscribe, helpful, topic, 1)
        assert topic in self.client.subs

    @rule(topic=_filters, helpful=st.booleans())
    def unsubscribe(self, topic, helpful):
        self.waits(self.client.unsubscribe, helpful, topic)
        assert topic not in self.client.subs

    @rule(helpful=st.booleans())
    def shadow_get(self, helpful):
        self.waits(self.shadow.get, helpful)

    @rule(state=_states, helpful=st.booleans())
    def shadow_update(self, state, helpful):
        self.waits(self.shadow.update, helpful, state)

    @rule(state=_states)
    def shadow_report(self, state):
        self.waits(self.shadow.report, False, state)
        self.step(1)

    @rule()
    def honest_for_a_while(self):
        """Most else needs a link whose subscriptions stand."""
        self.now += 4000
        for _ in range(8):
            self.step(1)
            while self.server.pending:
                self.server.say(self.server.answer(self.server.pending.popleft()))

    @rule()
    def ping(self):
        self.attempt(self.client.ping)

    @invariant()
    def bounded(self):
        client = getattr(self, "client", None)
        if client is None:
            return
        # off, waiting, opening, up: one of the four
        assert client.connected + bool(client.opening) + bool(client.off) <= 1
        assert client.stream is not None or not client.connected
        assert sum(len(entry[1]) for entry in client.kept) <= _QUEUE_BYTES
        assert len(client.reader.buf) <= max(_PACKET_BYTES, 512)

    def teardown(self):
        """From wherever it is: an honest server, and all is well."""
        try:
            if not hasattr(self, "client"):
                return
            self.server.drop()
            for _ in range(400):
                waiting = not self.client.connected and not self.client.opening
                self.now += 3000 if waiting else 5
                self.step(1)
                while self.server.pending:
                    self.server.say(self.server.answer(self.server.pending.popleft()))
                if self.client.ready and not self.client.kept:
                    return
            held = self.client.denied  # what was held back as denied needs more time
            assert held or not self.client.kept, f"never settled: {self.client.stats}"
        finally:
            self.server.close()
            if self.client.stream:
                self.client.stream.close()


Sessions.TestCase.settings = settings(
    max_examples=int(_SECONDS * 4) or 25,
    stateful_step_count=40,
    deadline=None,
    print_blob=True,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
)
TestSessions = pytest.mark.timeout(900)(Sessions.TestCase)


# Kept: sessions that chance hardly makes, or that found something once; each step is a rule and its arguments.
_DELTA = mqtt.publish(_SHADOW + "update/delta", b'{"state":{"k":1},"version":5}', 1, 3)
_KEPT = {
    "unsubscribed while its SUBSCRIBE is unanswered": [
        ("subscribe", "a/#", False), ("unsubscribe", "a/#", False), ("server_answers", False, True, 4),
        ("subscribe", "a/#", True),
    ],
    "given back and asked for again before UNSUBACK": [
        ("subscribe", "b/c", True), ("unsubscribe", "b/c", False), ("subscribe", "b/c", False),
        ("server_answers", False, False, 4), ("time_passes", 6000),
    ],
    "no PUBACK for a report with a window of one, then the link ends": [
        ("shadow_report", {"k": 1}), ("shadow_report", {"l": None}), ("server_drops",), ("honest_for_a_while",),
    ],
    "a callback waits for the shadow, twice, while deltas come": [
        ("subscribe", "a", True), ("server_says", mqtt.publish("a", b"\2", 1, 1) * 2 + _DELTA * 3, 7),
        ("server_says", _DELTA, 400), ("honest_for_a_while",),
    ],
    "SUBACK with the id of an UNSUBSCRIBE, and the other way": [
        ("unsubscribe", "a", False), ("server_says", b"".join(mqtt.suback(pid, [1]) for pid in range(1, 9)), 3),
        ("subscribe", "a", False), ("server_says", b"".join(map(mqtt.unsuback, range(1, 9))), 5), ("poll", 3),
    ],
    "a request when the link has just ended": [
        ("server_drops",), ("shadow_get", True), ("shadow_update", {"k": {"n": 1}}, False), ("time_passes", 40000),
    ],
}  # fmt: skip


@pytest.mark.parametrize("window", [1, 3])
@pytest.mark.parametrize("clean", [True, False])
@pytest.mark.parametrize("name", _KEPT)
def test_kept_sessions(name, clean, window):
    session = Sessions()
    try:
        session.begin(clean, window, 30, True)
        session.honest_for_a_while()
        assert session.client.ready
        for rule_name, *given in _KEPT[name]:
            rule = getattr(session, rule_name)
            rule(*given)
            session.bounded()
    finally:
        session.teardown()
