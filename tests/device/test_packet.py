"""aws_iot.mqtt.packet: the same packets however the bytes arrive, and an error for what no server may send."""

from io import BytesIO

from samples import raises
from wire import ACCEPTED, LARGEST, PINGRESP, at_every_cut, message, packet, puback, read, refused, suback, unsuback

from aws_iot.errors import ProtocolError
from aws_iot.mqtt.packet import Reader, publish


def test_publish_bytes():
    # sections 3.3.1 and 3.3.2, by hand
    assert publish(b"a/b", b"hi", 0, False, 0) == b"\x30\7\0\3a/bhi"
    assert publish(b"a/b", b"hi", 1, False, 10) == b"\x32\x09\0\3a/b\0\x0ahi"
    assert publish(b"a", b"", 0, True, 0) == b"\x31\3\0\1a"
    assert publish(b"a", b"", 1, True, 65535) == b"\x33\5\0\1a\xff\xff"
    assert publish(b"x" * 256, b"", 1, False, 256) == b"\x32\x84\2\1\0" + b"x" * 256 + b"\1\0"


def test_publish_lengths():
    # section 2.2.3: 7 bits in a byte, the lowest first
    for size, length in ((124, b"\x7f"), (125, b"\x80\1"), (16380, b"\xff\x7f"), (16381, b"\x80\x80\1")):
        data = publish(b"t", bytes(size), 0, False, 0)
        assert data[1 : 1 + len(length)] == length
        assert len(data) == 1 + len(length) + 3 + size


def test_payload_from_a_stream():
    stream = BytesIO()
    stream.write(b"hi, and what an earlier message left")
    for qos, pid in ((0, 0), (1, 300)):
        stream.seek(0)
        assert publish(b"a/b", stream, qos, False, pid, 2) == publish(b"a/b", b"hi", qos, False, pid)
    assert publish(b"a/b", stream, 0, True, 0, 0) == b"\x31\5\0\3a/b"


def _fed(reader, data):
    reader.space()[: len(data)] = data
    reader.filled(len(data))
    return reader.next()


def test_the_same_topic_again():
    topics = ("a", "a", "b", "a", "ab", "a")
    data = b"".join([message(topic, topic.encode()) for topic in topics])
    at_every_cut(data, [(0x30, 0, topic, topic.encode()) for topic in topics])
    # what was refused is refused again, and not taken for the one before
    assert read(message("a") + packet(0x30, b"\0\1+")) == [(0x30, 0, "a", b""), "error"]
    reader = Reader(512, LARGEST)
    for _ in range(2):
        raises(ProtocolError, _fed, reader, packet(0x30, b"\0\1+"))
        reader.reset()
    _fed(reader, message("x"))
    assert reader.topic == "x"


def test_dialogue_at_every_cut():
    data = (
        ACCEPTED + suback(1, 0, 1, 0x80) + message("a/b", b"hi") + message("\u00e9", b"", 513) + puback(7)
        + message("d", b"x", 2, flags=9) + PINGRESP + unsuback(65535) + message("t" * 130, b"p" * 9)
    )  # fmt: skip
    at_every_cut(
        data,
        [
            (0x20, 0, (0, 0)),
            (0x90, 1, (0, 1, 0x80)),
            (0x30, 0, "a/b", b"hi"),
            (0x32, 513, "\u00e9", b""),
            (0x40, 7),
            (0x3B, 2, "d", b"x"),
            (0xD0, 0),
            (0xB0, 65535),
            (0x30, 0, "t" * 130, b"p" * 9),
        ],
    )


def test_more_than_the_buffer_holds():
    found = []
    data = b""
    for number in range(1, 60):
        data += message("topic/%d" % number, b"x" * number, number)
        found.append((0x32, number, "topic/%d" % number, b"x" * number))
    for sizes in ((), [1], [2, 3], [511], [512, 1]):
        assert read(data, sizes) == found, sizes


def test_larger_than_the_buffer():
    data = message("big", b"y" * 1000, 9) + PINGRESP
    for sizes in ((), [1], [5], [300, 7], [2000]):
        assert read(data, sizes) == [(0x32, 9, "big", b"y" * 1000), (0xD0, 0)], sizes


def test_over_the_limit_is_named_and_skipped():
    data = message("big", b"y" * 1000, 9) + puback(3)
    for sizes in ((), [1], [5], [300, 7], [2000]):
        assert read(data, sizes, limit=600) == [(0x32, 9, "big", None), (0x40, 3)], sizes


def test_every_kind_that_no_server_sends():
    for first in range(256):
        kind, flags = first >> 4, first & 15
        if kind == 3 or flags == 0 and kind in (2, 4, 9, 11, 13):
            continue
        for body in (b"", b"\0\1", b"\0\1\0", b"\0\1t\0\1") if flags == 0 else (b"\0\1",):
            assert read(packet(first, body)) == ["error"], first


def test_publish_flags():
    for flags in range(16):
        data = packet(0x30 | flags, b"\0\1t\0\1")
        # QoS 2 and 3 were never granted; DUP means nothing at QoS 0 (section 3.3.1)
        if flags in (0, 1, 2, 3, 10, 11):
            assert len(read(data)) == 1 and read(data)[0] != "error", flags
        else:
            refused(data)


def test_malformed():
    refused(b"\x30\xff\xff\xff\xff\1")  # remaining length of five bytes (section 2.2.3)
    refused(b"\x30\x80\x80\x80\x80")
    refused(b"\x30\xff\xff\xff\x7f")  # 256 MB
    for body in (b"\2\0", b"\0", b"\0\0\0", b""):  # reserved flags of CONNACK; its length
        refused(packet(0x20, body))
    for first in (0x40, 0xB0):
        for body in (b"", b"\1", b"\0\1\0", b"\0\0"):  # length; packet id 0 (section 2.3.1)
            refused(packet(first, body))
    for body in (b"", b"\0", b"\0\1", b"\0\0\0"):
        refused(packet(0x90, body))
    refused(packet(0xD0, b"\0"))


def test_malformed_publish():
    for body in (b"", b"\0", b"\0\1", b"\0\0", b"\0\0x", b"\0\2t", b"\xff\xfft"):  # topic: none, empty, too long
        refused(packet(0x30, body))
    for body in (b"\0\1t", b"\0\1t\1", b"\0\1t\0\0"):  # packet id: none, half, 0
        refused(packet(0x32, body))
    for topic in (b"\xff", b"\xc3", b"a\0b", b"+", b"a/#", b"a+b"):  # sections 1.5.3, 3.3.2.1
        refused(packet(0x30, b"\0" + bytes([len(topic)]) + topic))


def test_what_comes_before_an_error_counts():
    assert read(puback(1) + b"\xf0\0" + puback(2)) == [(0x40, 1), "error"]


def test_half_a_packet_is_awaited():
    data = message("topic", b"payload", 5)
    for end in range(len(data)):
        assert read(data[:end]) == read(data[:end], [1]) == [], end


def test_reset_forgets_half_a_packet():
    reader = Reader(512, LARGEST)
    for size in (3, 400):  # in the small buffer, and after it has grown
        half = message("t", b"x" * 1000)[:size]
        reader.space()[:size] = half
        reader.filled(size)
        assert reader.next() == 0
        reader.reset()
        assert len(reader.space()) == 512
        reader.space()[:2] = PINGRESP
        reader.filled(2)
        assert reader.next() == 0xD0


def test_the_buffer_shrinks_again():
    reader = Reader(512, LARGEST)
    data = message("t", b"x" * 3000)
    at = 0
    while not reader.next():
        space = reader.space()
        count = min(len(space), len(data) - at)
        space[:count] = data[at : at + count]
        reader.filled(count)
        at += count
    assert bytes(reader.payload) == b"x" * 3000
    assert len(reader.space()) == 512


def test_payload_is_no_copy():
    reader = Reader(512, LARGEST)
    data = message("t", b"payload")
    reader.space()[: len(data)] = data
    reader.filled(len(data))
    assert reader.next() == 0x30
    assert isinstance(reader.payload, memoryview)
    assert bytes(reader.payload) == b"payload"
    reader.small[5:12] = b"changed"
    assert bytes(reader.payload) == b"changed"
