"""aws_iot.mqtt.control: packets against bytes written out by hand from MQTT 3.1.1."""

from samples import raises
from wire import packet

import aws_iot.mqtt.control as control


def test_string():
    assert control.string("a/b") == b"\0\3a/b"
    assert control.string(b"\xff\0") == b"\0\2\xff\0"
    assert control.string("20 \u00b0C") == b"\0\6" + b"20 \xc2\xb0C"  # bytes are counted, not characters
    assert control.string("") == b"\0\0"
    assert control.string("x" * 65535)[:2] == b"\xff\xff"
    raises(ValueError, control.string, "x" * 65536)


def test_connect():
    # section 3.1: protocol name and level, flags, keep-alive, then the payload in this order
    head = b"\0\4MQTT\4"
    assert control.connect("c", 60, True) == b"\x10\x0d" + head + b"\2\0\x3c\0\1c"
    assert control.connect(b"c", 1200, False) == b"\x10\x0d" + head + b"\0\x04\xb0\0\1c"
    will = ("w", b"gone", 1, True)
    assert control.connect("c", 0, True, will) == b"\x10\x16" + head + b"\x2e\0\0\0\1c\0\1w\0\4gone"
    will = (b"w", "", 0, False)
    assert control.connect("c", 0, False, will) == b"\x10\x12" + head + b"\x04\0\0\0\1c\0\1w\0\0"
    assert control.connect("c", 0, True, None, "u", "p") == b"\x10\x13" + head + b"\xc2\0\0\0\1c\0\1u\0\1p"
    assert control.connect("c", 0, True, None, "u") == b"\x10\x10" + head + b"\x82\0\0\0\1c\0\1u"
    # a password without a user name is not allowed: section 3.1.2.9
    assert control.connect("c", 0, True, None, None, "p") == b"\x10\x0d" + head + b"\2\0\0\0\1c"


def test_connect_with_everything():
    data = control.connect("c" * 128, 65535, True, ("t" * 256, b"m" * 500, 1, False), "u" * 200, "p" * 200)
    body = b"\0\4MQTT\4\xce\xff\xff\0\x80" + b"c" * 128 + b"\1\0" + b"t" * 256 + b"\1\xf4" + b"m" * 500
    assert data == packet(0x10, body + b"\0\xc8" + b"u" * 200 + b"\0\xc8" + b"p" * 200)


def test_subscribe_and_unsubscribe():
    # sections 3.8 and 3.10: the flags are 2
    assert control.subscribe(1, [("a/b", 0)]) == b"\x82\x08\0\1\0\3a/b\0"
    assert control.subscribe(258, [("a", 1), ("+/#", 0)]) == b"\x82\x0c\1\2\0\1a\1\0\3+/#\0"
    assert control.unsubscribe(258, ["a", "+/#"]) == b"\xa2\x0a\1\2\0\1a\0\3+/#"
    # umqtt.simple sends one byte of length: over 122 bytes of topic the broker closes
    names = [("f%d/" % number + "x" * 250, 1) for number in range(8)]
    body = b"\0\x09" + b"".join([control.string(name) + b"\1" for name, _ in names])
    assert control.subscribe(9, names) == packet(0x82, body)
    assert control.subscribe(9, names)[1:3] == bytes((len(body) % 128 + 128, len(body) // 128))
