"""aws_iot.mqtt.malformed: each says what was wrong."""

from samples import raises
from wire import packet, refused

from aws_iot.errors import ProtocolError
from aws_iot.mqtt.malformed import packet_id, publish, size, topic


def test_what_was_wrong_is_said():
    for function, arguments, words in (
        (size, (), "remaining length"),
        (packet_id, (), "packet id 0"),
        (publish, (0x36,), "PUBLISH 0x36"),
        (topic, (b"a/\xff",), "topic b'a/\\xff'"),
    ):
        assert words in str(raises(ProtocolError, function, *arguments))


def test_where_it_is_said():
    refused(b"\x30\xff\xff\xff\xff\1")
    refused(packet(0x40, b"\0\0"))
    refused(packet(0x36, b"\0\1t\0\1"))
    refused(packet(0x30, b"\0\1\xff"))
