"""hypothesis over the codec: any bytes, any split, the same packets; only ProtocolError; memory stays bounded."""

import os
import tracemalloc

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from aws_iot.mqtt import control, packet
from tests.device.wire import read
from tests.harness import broker_packets as mqtt

_SECONDS = float(os.environ.get("FUZZ_SECONDS", "0"))  # `make faults` sets it
_EXAMPLES = int(_SECONDS * 400) or 150

_PUBLISH = 0x30

ids = st.integers(1, 65535)
topics = st.text(st.characters(exclude_characters="\0+#", exclude_categories=["Cs"]), min_size=1, max_size=60)
valid_packets = st.one_of(
    st.builds(mqtt.connack, st.integers(0, 5), st.booleans()),
    st.builds(mqtt.puback, ids),
    st.builds(mqtt.suback, ids, st.lists(st.sampled_from((0, 1, 0x80)), min_size=1, max_size=8)),
    st.builds(mqtt.unsuback, ids),
    st.builds(mqtt.pingresp),
    st.builds(mqtt.publish, topics, st.binary(max_size=2000), st.just(0)),
    st.builds(mqtt.publish, topics, st.binary(max_size=2000), st.just(1), ids, st.booleans(), st.booleans()),
)
conversations = st.lists(valid_packets, max_size=6).map(b"".join)


splits = st.lists(st.integers(1, 700), min_size=1, max_size=5)


@settings(max_examples=_EXAMPLES, deadline=None)
@given(conversations, splits)
@example(mqtt.publish("t", bytes(600), 1, 1) + mqtt.pingresp(), [1])
def test_any_split_gives_the_same_packets(data, sizes):
    whole = read(data)
    assert "error" not in whole
    assert whole == read(data, sizes) == read(data, [1])


@settings(max_examples=_EXAMPLES, deadline=None)
@given(conversations, splits, st.data())
def test_mutations_give_packets_or_protocol_errors(data, sizes, draw):
    changed = bytearray(data)
    for _ in range(draw.draw(st.integers(1, 4))):
        if changed:
            changed[draw.draw(st.integers(0, len(changed) - 1))] = draw.draw(st.integers(0, 255))
    assert read(bytes(changed)) == read(bytes(changed), sizes)


@settings(max_examples=_EXAMPLES, deadline=None)
@given(st.binary(max_size=300), splits)
@example(b"\x30\xff\xff\xff\xff\x01", [1])
@example(b"\x30\x80\x80\x80\x00", [2])
def test_noise_gives_packets_or_protocol_errors(data, sizes):
    assert read(data) == read(data, sizes)


@settings(max_examples=_EXAMPLES, deadline=None)
@given(topics, st.integers(0, 3000), splits, st.integers(300, 2000), st.sampled_from((0, 1)), conversations)
def test_packets_over_the_limit_are_skipped_and_named(topic, length, sizes, limit, qos, behind):
    data = mqtt.publish(topic, bytes(length), qos, 7)
    found = read(data + behind, sizes, limit=limit)
    assert found[0][:3] == (0x30 | qos << 1, 7 if qos else 0, topic)
    if len(data) > max(limit, 512):
        assert found[0][3] is None
    assert found[1:] == read(behind, sizes, limit=limit)


@settings(max_examples=_EXAMPLES // 8, deadline=None)
@given(st.binary(min_size=2, max_size=64), splits)
def test_memory_is_bounded_by_the_limit(noise, sizes):
    tracemalloc.start()
    try:
        read(b"\x32\xff\xff\x07" + noise + bytes(4000), sizes, limit=4096)
        assert tracemalloc.get_traced_memory()[1] < 150_000
    finally:
        tracemalloc.stop()


@settings(max_examples=_EXAMPLES, deadline=None)
@given(topics, st.binary(max_size=500), st.sampled_from((0, 1)), st.booleans(), ids)
def test_what_is_encoded_is_what_the_server_reads(topic, payload, qos, retain, pid):
    data = packet.publish(topic.encode(), payload, qos, retain, pid)
    sent, used = mqtt.decode(data)
    assert used == len(data)
    assert (sent.topic, sent.payload, sent.qos, sent.retain) == (topic, payload, qos, retain)
    assert sent.pid == (pid if qos else 0)


names = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=60)


@settings(max_examples=_EXAMPLES // 4, deadline=None)
@given(
    names,
    st.integers(0, 65535),
    st.booleans(),
    st.none() | st.tuples(topics, st.binary(max_size=300)),
    st.none() | names,
    st.none() | names,
)
def test_connect_is_what_the_server_reads(client_id, keepalive, clean, will, user, password):
    will = will and (*will, 1, True)
    sent, _ = mqtt.decode(control.connect(client_id, keepalive, clean, will, user, password))
    assert (sent.client_id, sent.keepalive, sent.clean, sent.user) == (client_id, keepalive, clean, user)
    assert sent.will == will


@settings(max_examples=_EXAMPLES // 4, deadline=None)
@given(ids, st.lists(st.tuples(names, st.sampled_from((0, 1))), min_size=1, max_size=8))
def test_subscribe_is_what_the_server_reads(pid, filters):
    sent, _ = mqtt.decode(control.subscribe(pid, filters))
    assert (sent.pid, sent.filters) == (pid, filters)
    gone, _ = mqtt.decode(control.unsubscribe(pid, [name for name, _ in filters]))
    assert [name for name, _ in gone.filters] == [name for name, _ in filters]


def test_every_first_byte_and_truncation():
    for first in range(256):
        for body in (b"", b"\0", b"\0\1", b"\0\1t", b"\0\1t\0\1", bytes(20)):
            data = bytes((first, len(body))) + body
            for end in range(len(data) + 1):
                assert read(data[:end]) == read(data[:end], [1])


# Kept: what found something once, here or in a row of hostile bytes, and what chance hardly makes. What is read of it.
_KEPT = [
    (b"\x30\xff\xff\xff\xff\x01", ["error"]),  # remaining length of five bytes
    (b"\x30\x80\x80\x80\x00", ["error"]),  # one that is not the shortest
    (b"\x30\xff\xff\xff\x7f\0\4in/x", ["error"]),  # 256 MB claimed
    (b"\x40\x80\x80\x40\0\1", ["error"]),  # a PUBACK of a megabyte
    (b"\x40\2\0\0", ["error"]),  # packet id 0
    (b"\x32\5\0\1t\0\0", ["error"]),
    (b"\x34\5\0\1t\0\1", ["error"]),  # QoS 2, and QoS 3
    (b"\x36\5\0\1t\0\1", ["error"]),
    (b"\x38\3\0\1t", ["error"]),  # DUP at QoS 0
    (b"\x30\2\0\0", ["error"]),  # no topic
    (b"\x30\3\0\2t", ["error"]),  # a topic that runs past the end
    (b"\x32\3\0\1t", ["error"]),  # no room for the packet id
    (b"\x30\3\0\1\0", ["error"]),  # topics with NUL, a surrogate, bad UTF-8, wildcards
    (b"\x30\5\0\3\xed\xa0\x80", ["error"]),
    (b"\x30\4\0\2\xc3\x28", ["error"]),
    (b"\x30\3\0\1#", ["error"]),
    (b"\x30\3\0\1+", ["error"]),
    (b"\xe0\0", ["error"]),  # DISCONNECT
    (b"\xd0\0\0\0", [(0xD0, 0), "error"]),  # PINGRESP, then noise
    (b"\x30\3\0\1t" * 2, [(0x30, 0, "t", b"")] * 2),
    (b"\x3b\5\0\1t\0\7", [(0x3B, 7, "t", b"")]),  # DUP and RETAIN
    (b"\x20\2\1\0", [(0x20, 0, (1, 0))]),
]


@pytest.mark.parametrize("data, wanted", _KEPT)
def test_kept_bytes_are_read_as_before(data, wanted):
    for sizes in ([], [1], [2], [3, 1]):
        assert read(data, sizes) == wanted, sizes
