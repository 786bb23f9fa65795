"""aws_iot.mqtt.control: what comes once per connection or subscription, from bytes written by hand from MQTT 3.1.1."""

from wire import ACCEPTED, PINGRESP, puback, read, refused, suback, unsuback

from aws_iot.mqtt.control import topic_of
from aws_iot.mqtt.packet import publish


def test_topic_of():
    for size in (0, 100, 200, 20000):
        topic = topic_of(publish(b"a/topic", bytes(size), 1, True, 515))
        assert topic == b"a/topic"
        assert type(topic) is bytes  # a key of dicts
    assert topic_of(publish(b"t" * 256, b"", 0, False, 0)) == b"t" * 256


def test_what_a_server_answers():
    assert read(ACCEPTED + b"\x20\2\1\5") == [(0x20, 0, (0, 0)), (0x20, 0, (1, 5))]
    assert read(suback(3, 0x80) + suback(300, *range(8))) == [(0x90, 3, (0x80,)), (0x90, 300, tuple(range(8)))]
    assert read(unsuback(4) + PINGRESP + puback(5)) == [(0xB0, 4), (0xD0, 0), (0x40, 5)]


def test_what_no_server_answers():
    refused(b"\x20\2\2\0")
    refused(b"\x20\3\0\0\0")
    refused(b"\x20\0")
    refused(b"\x90\2\0\1")
    refused(b"\x90\3\0\0\1")
    refused(b"\xb0\3\0\1\0")
    refused(b"\xb0\2\0\0")
    refused(b"\xd0\1\0")
    refused(b"\x21\2\0\0")
    refused(b"\x10\0")
    refused(b"\xe0\0")
