"""The cases of Autobahn's suite that apply to a client of MQTT: rows of what a server says, and what becomes of it.

Written from the descriptions of the cases, https://crossbario.github.io/autobahn-testsuite/ (RFC 6455); nothing of the
suite runs here. What is text (1.1, most of 5, 6) is MQTT's to refuse: its packets come in binary frames (MQTT 3.1.1,
[MQTT-6.0.0-1]). Where a case says so, its cuts are played by the test, which cuts each row in all ways. Compression
(12, 13) is not asked for, so a server that compresses sets a reserved bit.
"""


def frame(first, content=b"", mask=False):
    """A frame as a server sends it; the length in as few bytes as it takes."""
    size, masked = len(content), 0x80 if mask else 0
    if size < 126:
        return bytes((first, size | masked)) + content
    if size < 65536:
        return bytes((first, 126 | masked)) + size.to_bytes(2, "big") + content
    return bytes((first, 127 | masked)) + size.to_bytes(8, "big") + content


TEXT, BINARY, MORE, LAST, CLOSE, PING, PONG = 0x81, 0x82, 0x02, 0x80, 0x88, 0x89, 0x8A
_HELLO = b"Hello, world!"
_BINARY = b"\0\xff\xfe\xfd\xfc\xfb\0\xff"
_TEN = [b"payload-%d" % at for at in range(10)]


def _sized(case, size):
    return case, frame(BINARY, bytes(size)), bytes(size), [], ""


def _close(case, content):
    """It is answered, and what comes behind it is not read."""
    return case, frame(BINARY, b"a") + frame(CLOSE, content) + frame(BINARY, b"b"), b"a", [(CLOSE, content)], ""


def _refused(case, data, why, heard=b"a"):
    return case, frame(BINARY, b"a") + data, heard, [], why


# (number of the case, what the server sends, what the client hears, what it answers, the end of why it is refused)
CASES = [
    ("2.1", frame(PING), b"", [(PONG, b"")], ""),
    ("2.2", frame(PING, _HELLO), b"", [(PONG, _HELLO)], ""),
    ("2.3", frame(PING, _BINARY), b"", [(PONG, _BINARY)], ""),
    ("2.4", frame(PING, b"\xfe" * 125), b"", [(PONG, b"\xfe" * 125)], ""),
    _refused("2.5", frame(PING, b"\xfe" * 126), "control"),
    ("2.7", frame(PONG), b"", [], ""),
    ("2.8", frame(PONG, b"unsolicited"), b"", [], ""),
    ("2.9", frame(PONG, b"unsolicited") + frame(PING, b"1"), b"", [(PONG, b"1")], ""),
    ("2.10", b"".join([frame(PING, data) for data in _TEN]), b"", [(PONG, data) for data in _TEN], ""),
    _refused("5.1", frame(PING & 0x7F, b"f1") + frame(LAST, b"f2"), "control"),
    _refused("5.2", frame(PONG & 0x7F, b"f1") + frame(LAST, b"f2"), "control"),
    ("5.3", frame(MORE, b"f1") + frame(LAST, b"f2"), b"f1f2", [], ""),
    ("5.6", frame(MORE, b"f1") + frame(PING, b"p") + frame(LAST, b"f2"), b"f1f2", [(PONG, b"p")], ""),
    _refused("5.9", frame(LAST, b"f1"), "kind 0"),
    _refused("5.12", frame(0, b"f1"), "kind 0"),
    _refused("5.15", frame(MORE, b"b") + frame(LAST, b"c") + frame(0, b"d"), "kind 0", b"abc"),
    _refused("5.18", frame(MORE, b"b") + frame(BINARY, b"c"), "kind 2", b"ab"),
    (
        "5.19", frame(MORE, b"1") + frame(0, b"2") + frame(PING, b"p1") + frame(0, b"3") + frame(0, b"4")
        + frame(PING, b"p2") + frame(LAST, b"5"), b"12345", [(PONG, b"p1"), (PONG, b"p2")], "",
    ),
    _refused("1.1.1", frame(TEXT), "kind 1"),
    _refused("6.4.1", frame(TEXT & 0x7F, b"\xce\xba"), "kind 1"),
    _close("7.1.1", b"\x03\xe8"),
    _close("7.1.3", b"\x03\xe8Hello"),
    _close("7.3.1", b""),
    _close("7.3.5", b"\x03\xe8" + b"*" * 123),
    _refused("7.3.6", frame(CLOSE, b"\x03\xe8" + b"*" * 124), "control"),
    ("9.4.1", frame(MORE, bytes(64)) + frame(0, bytes(64)) * 62 + frame(LAST, bytes(64)), bytes(4096), [], ""),
    _refused("12.1.1", frame(BINARY | 0x40, b"\x4a\x04\x00"), "reserved bits"),
    # beside the suite, in which no server masks: section 5.1
    _refused("masked", frame(BINARY, b"abcdefgh", mask=True), "masked"),
]  # fmt: skip
# 1.2.6 and 1.2.7, 64 KB, are too large for a heap of these tests: tests/properties/test_websocket.py has such
CASES += [_sized("1.2.%d" % (at + 1), size) for at, size in enumerate((0, 125, 126, 127, 128))]
CASES += [_refused("3.%d" % bits, frame(BINARY | bits << 4, b"b"), "reserved bits") for bits in range(1, 8)]
CASES += [_refused("4.1.%d" % (kind - 2), frame(0x80 | kind), "kind %d" % kind) for kind in range(3, 8)]
CASES += [_refused("4.2.%d" % (kind - 10), frame(0x80 | kind), "control") for kind in range(11, 16)]
CASES += [_close("7.7", bytes((code >> 8, code & 255))) for code in (1001, 1002, 1003, 1007, 1009, 1011, 3000, 4999)]
