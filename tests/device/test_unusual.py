"""aws_iot.mqtt.unusual: a packet larger than the buffer gets room, or is skipped but for its name; bad ones end it."""

from peer import PUBLISH, SUBSCRIBE, Peer
from samples import NoMemoryFor, raises
from wire import LARGEST, PINGRESP, message, packet, puback, read, refused

import aws_iot.mqtt.packet
import aws_iot.mqtt.unusual as unusual
from aws_iot.errors import ProtocolError, StateError
from aws_iot.mqtt.packet import Reader, publish

_SIZES = ((), [1], [3, 100], [512], [513], [700, 1], [5000])


def test_room_up_to_the_limit():
    for total in (513, 514, 3999, 4000):
        data = message("t", b"x" * (total - 6))
        assert len(data) == total
        for sizes in _SIZES:
            assert read(data + PINGRESP, sizes, limit=4000) == [(0x30, 0, "t", b"x" * (total - 6)), (0xD0, 0)]
    data = message("t", b"x" * 3995)
    for sizes in _SIZES:
        assert read(data + PINGRESP, sizes, limit=4000) == [(0x30, 0, "t", None), (0xD0, 0)], sizes


def test_skipped_packets_in_a_row():
    data = b""
    found = []
    for number in range(1, 5):
        data += message("big/%d" % number, b"x" * 700, number) + puback(number) + message("small", b"y")
        found += [(0x32, number, "big/%d" % number, None), (0x40, number), (0x30, 0, "small", b"y")]
    for sizes in _SIZES:
        assert read(data, sizes, limit=600) == found, sizes


def test_the_longest_topic_is_still_named():
    for topic in ("x" * 256, "\u00e9" * 128):
        data = message(topic, b"x" * 2000, 77) + PINGRESP
        for sizes in _SIZES:
            assert read(data, sizes, limit=600) == [(0x32, 77, topic, None), (0xD0, 0)], sizes


def test_the_smallest_limit():
    # 512 bytes are there anyway
    data = message("t", b"x" * 506) + message("t", b"x" * 507)
    assert read(data, limit=0) == [(0x30, 0, "t", b"x" * 506), (0x30, 0, "t", None)]


def test_a_topic_that_does_not_fit_the_buffer():
    data = message("x" * 600, b"y" * 100)
    assert read(data, limit=LARGEST) == [(0x30, 0, "x" * 600, b"y" * 100)]
    assert read(data, limit=600) == read(data, [1], limit=600) == ["error"]


def test_malformed_headers_of_skipped_packets():
    for body in (b"\0\0" + bytes(1000), b"\0\1+" + bytes(1000), b"\0\1\xff" + bytes(1000)):
        assert read(packet(0x30, body), limit=600) == read(packet(0x30, body), [1], limit=600) == ["error"]
    assert read(packet(0x32, b"\0\1t\0\0" + bytes(1000)), limit=600) == ["error"]
    assert read(packet(0x34, b"\0\1t\0\1" + bytes(1000)), limit=600) == ["error"]


def test_only_publish_may_be_large():
    for first in (0x20, 0x40, 0x90, 0xB0, 0xD0, 0xF0):
        assert read(packet(first, bytes(600))) == read(packet(first, bytes(600)), [1]) == ["error"]


def test_more_than_aws_ever_sends():
    # 128 KB of payload, 256 bytes of topic, 32 of the rest: 131360 bytes
    body = b"\0\1t" + bytes(600)
    assert read(b"\x30\x9c\x82\x08" + body, limit=600) == [(0x30, 0, "t", None)]
    for first in (b"\x30\x9d\x82\x08", b"\x30\xff\xff\x7f", b"\x30\xff\xff\xff\x7f"):
        for limit in (600, 1 << 28):
            assert read(first + body, limit=limit) == read(first + body, [1], limit=limit) == ["error"], first


def test_heap_exhausted():
    # it costs the message, not the connection
    reader = Reader(512, LARGEST)
    head = b"\x32\x80\x80\x08\0\1t\0\x09"  # 128 KB
    total = 131072 + 4
    reader.space()[: len(head)] = head
    reader.filled(len(head))

    def no_room(size):
        raise MemoryError

    unusual.bytearray = no_room  # stands in for a heap without so large a block
    reader.skip = total - reader.end  # as next() leaves it
    try:
        assert unusual.room(reader, 0, 4)
    finally:
        del unusual.bytearray
    assert reader.skip == total - len(head)


def test_room_asks_for_the_header_first():
    reader = Reader(512, 600)
    head = b"\x32\xe8\7\0\3abc\0\1"  # 1000 bytes to follow
    for have in range(3, len(head)):
        reader.reset()
        reader.space()[:have] = head[:have]
        reader.filled(have)
        reader.skip = 1003 - have
        assert not unusual.room(reader, 0, 3), have
    reader.reset()
    reader.space()[: len(head)] = head
    reader.filled(len(head))
    reader.skip = 1003 - reader.end
    assert unusual.room(reader, 0, 3)
    reader.buf[0] = 0x40
    raises(ProtocolError, unusual.room, reader, 0, 3)


def test_no_memory_even_to_look_at_it():
    # it is skipped, and what follows it is read
    reader = Reader(512, LARGEST)
    data = message("t", bytes(1500), 9) + message("t", b"next", 10)
    with NoMemoryFor(aws_iot.mqtt, "unusual"):
        space = reader.space()
        space[:] = data[: len(space)]
        reader.filled(len(space))
        raises(MemoryError, reader.next)
    rest = data[len(space) :]
    while rest:
        assert reader.next() == 0
        space = reader.space()
        count = min(len(space), len(rest))
        space[:count] = rest[:count]
        reader.filled(count)
        rest = rest[count:]
    assert reader.next() and bytes(reader.payload) == b"next"


class _Client:
    """A client as far as what finds no room looks; ``told``: what went to on_error."""

    def __init__(self, requests=None):
        self.requests = requests
        self.told = []
        self.report = self.told.append


def test_answer_that_cannot_be_read_ends_its_request_and_no_other():
    answered, asked, other = ["t/get", {}, True], ["t/get"], ["t/update"]
    client = _Client({"1": answered, "2": other, "3": asked})
    unusual.lost(client, "t/get/accepted", 5000)
    assert asked[0] == "t/get" and asked[2] is None and answered == ["t/get", {}, True] and other == ["t/update"]
    assert str(asked[1]) == "no room for the message on t/get/accepted: 5000 bytes" and asked[1].size == 5000
    unusual.broken(client, "t/update/rejected", 7, MemoryError())
    assert other[1].size == 7 and not client.told


def test_message_that_nobody_waits_for_is_told():
    for client in (_Client(), _Client({"1": ["t/get"]})):
        unusual.broken(client, "t/update/accepted", 9, ValueError("depth"))
        unusual.lost(client, "t/update/accepted", 9)
        assert isinstance(client.told[0], ProtocolError) and len(client.told) == 2
        assert str(client.told[0]) == "answer on t/update/accepted cannot be read: ValueError: depth"


def test_what_was_wrong_is_said():
    for function, arguments, words in (
        (unusual.size, (), "remaining length"),
        (unusual.packet_id, (), "packet id 0"),
        (unusual.publish, (0x36,), "PUBLISH 0x36"),
        (unusual.topic, (b"a/\xff",), "topic b'a/\\xff'"),
    ):
        assert words in str(raises(ProtocolError, function, *arguments))


def test_where_it_is_said():
    refused(b"\x30\xff\xff\xff\xff\1")
    refused(packet(0x40, b"\0\0"))
    refused(packet(0x36, b"\0\1t\0\1"))
    refused(packet(0x30, b"\0\1\xff"))


def test_packet_ids_that_are_taken_are_told():
    with Peer() as peer:
        client = peer.client(window=10, queue_bytes=500000)
        client.subscribe("s", 1)
        # one in place of many: 32 bit have no heap for these
        entry = [65535, publish(b"t", b"", 1, False, 65535), None, 0]
        client.kept.extend([entry] * 32767)
        assert client.publish("t", b"", qos=1) == 1
        assert "32768 messages wait for PUBACK" in str(raises(StateError, client.publish, "t", b"", False, 1))
        peer.silent = (PUBLISH,)
        client.connect()
        assert client.until(lambda: client.ready, 1000)  # without an id for SUBSCRIBE: what is kept has to go first
        assert peer.packets(SUBSCRIBE) == []
        client.kept.clear()
        assert client.until(lambda: peer.filters() == [["s"]], 6000)
        assert client.publish("t", b"", qos=1) == 4
