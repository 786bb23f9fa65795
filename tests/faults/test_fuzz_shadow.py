"""hypothesis over shadow documents: whatever comes on the response topics, the link stands, each document costs at most
one error, a handler gets objects only, and the next delta of the cloud is handled.
"""

import json
import os

from hypothesis import example, given, settings
from hypothesis import strategies as st

from aws_iot.errors import IotError
from aws_iot.mqtt import MQTTClient
from aws_iot.shadow import Shadow
from tests.harness import broker_packets as mqtt

from .test_fuzz_session import Server

_SECONDS = float(os.environ.get("FUZZ_SECONDS", "0"))
_EXAMPLES = int(_SECONDS * 50) or 100
_ORDINARY = (IotError, ValueError, TypeError, AttributeError)  # the last two: a member is of another type
_GOOD = b'{"state":{"good":1},"version":%d}' % (1 << 200)
_PREFIX = "$aws/things/fuzz/shadow/"

names = st.sampled_from(
    ("update/delta", "get/accepted", "get/rejected", "update/accepted", "update/rejected", "update/documents")
)
members = ("state", "delta", "version", "timestamp", "code", "message", "clientToken")
keys = st.text(max_size=3) | st.sampled_from(members)
leaves = st.none() | st.booleans() | st.integers() | st.floats(-1e9, 1e9) | st.text(max_size=20)
values = st.recursive(leaves, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=3))
versions = st.integers(0, 100) | st.none() | st.text(max_size=3) | st.lists(st.integers(), max_size=1)
nearly = st.fixed_dictionaries(
    {},
    optional={
        "state": values | st.dictionaries(keys, values, max_size=3) | st.fixed_dictionaries({"delta": values}),
        "version": versions,
        "timestamp": versions,
        "code": st.sampled_from((400, 404, 409, 413, 429, 500, "x", None)),
        "message": leaves,
        "clientToken": leaves,
    },
)
texts = (values | nearly).map(lambda document: json.dumps(document).encode())
payloads = st.one_of(texts, texts, st.builds(lambda text, cut: text[:cut], texts, st.integers(0, 60)), st.binary())
told = st.lists(st.tuples(names, payloads), min_size=1, max_size=6)
answers = st.sampled_from((lambda state: state, lambda state: None, lambda state: {"n": 1}, lambda state: [1]))


@settings(max_examples=_EXAMPLES, deadline=None, derandomize=not _SECONDS)  # the long run looks for what is new
@given(told, answers)
@example([("get/accepted", b'{"state":[1],"version":1}')], lambda state: state)
@example([("update/delta", b'{"state":{"a":1},"version":"x"}')], lambda state: state)
@example([("get/rejected", b'{"code":"x"}'), ("update/rejected", b"{}")], lambda state: state)
def test_any_documents_and_the_next_delta_is_handled(documents, answer):
    server, errors, states = Server(), [], []

    def handler(state):
        states.append(state)
        return answer(state)

    try:
        client = MQTTClient("fuzz", "127.0.0.1", server.port, window=10, timeout_ms=2000, random=lambda: 0)
        client.on_error(errors.append)
        shadow = Shadow(client, "fuzz")
        shadow.on_delta(handler)
        shadow.on_documents(lambda document: None)
        _until(server, client, lambda: client.ready and not client.asked and not client.kept and shadow.asked is None)
        for number, (name, payload) in enumerate(documents):
            server.say(mqtt.publish(_PREFIX + name, payload, 1, number + 1))
            _until(server, client, lambda number=number: client.stats["received"] > number + 1 or not client.connected)
            # the documents themselves (of a refusal it is looked for whose it is), and what the handler made of them
            assert len(errors) <= number + 1 + len(states), (payload, errors)
        server.say(mqtt.publish(_PREFIX + "update/delta", _GOOD))
        _until(server, client, lambda: {"good": 1} in states)
        assert all(isinstance(state, dict) for state in states)
        wrong = [error for error in errors if not isinstance(error, _ORDINARY)]
        assert not wrong, wrong
        assert client.stats["connects"] == 1, client.cause
    finally:
        server.close()
        if client.stream:
            client.stream.close()


def _until(server, client, done):
    for _ in range(2000):
        server.take()
        while server.pending:
            server.say(server.answer(server.pending.popleft()))
        client.poll(1)
        if done():
            return
    raise AssertionError("it never came")
