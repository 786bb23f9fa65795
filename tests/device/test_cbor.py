"""aws_iot.fota.cbor against the examples of RFC 8949, appendix A, and against hostile bytes."""

from binascii import hexlify, unhexlify

import aws_iot.fota.cbor as cbor

# (value, the shortest encoding), from RFC 8949 appendix A
_VECTORS = (
    (0, "00"),
    (10, "0a"),
    (23, "17"),
    (24, "1818"),
    (100, "1864"),
    (1000, "1903e8"),
    (1000000, "1a000f4240"),
    (1000000000000, "1b000000e8d4a51000"),
    (18446744073709551615, "1bffffffffffffffff"),
    (-1, "20"),
    (-10, "29"),
    (-100, "3863"),
    (-1000, "3903e7"),
    (-18446744073709551616, "3bffffffffffffffff"),
    (False, "f4"),
    (True, "f5"),
    (None, "f6"),
    (b"", "40"),
    (b"\x01\x02\x03\x04", "4401020304"),
    ("", "60"),
    ("a", "6161"),
    ("IETF", "6449455446"),
    ("\u00fc", "62c3bc"),
    ("\u6c34", "63e6b0b4"),
    ([], "80"),
    ([1, 2, 3], "83010203"),
    ([1, [2, 3], [4, 5]], "8301820203820405"),
    ({}, "a0"),
    ({1: 2}, "a10102"),
    (["a", {"b": "c"}], "826161a161626163"),
)

_DOUBLES = ((1.1, "fb3ff199999999999a"), (-4.1, "fbc010666666666666"))
# the same where floats are single, as on most boards: the nearest single, sent as a double
_SINGLES = ((1.1, "fb3ff19999a0000000"), (-4.1, "fbc010666660000000"))

# encodings that only a decoder meets
_DECODE_ONLY = (
    (0.0, "f90000"),
    (1.0, "f93c00"),
    (1.5, "f93e00"),
    (65504.0, "f97bff"),
    (5.960464477539063e-8, "f90001"),
    (-4.0, "f9c400"),
    (100000.0, "fa47c35000"),
    (float("inf"), "f97c00"),
    (None, "f7"),
    (b"\x01\x02\x03\x04\x05", "5f42010243030405ff"),
    ("streaming", "7f657374726561646d696e67ff"),
    ([], "9fff"),
    ([1, [2, 3], [4, 5]], "9f018202039f0405ffff"),
    ({"a": 1, "b": [2, 3]}, "bf61610161629f0203ffff"),
    (1363896240, "c11a514b67b0"),
)

_BAD = (
    "",  # nothing
    "18",  # head without its number
    "1c",  # reserved length
    "4401",  # bytes end early
    "5bffffffffffffffff",  # a length beyond any memory
    "6161ff",  # bytes after the value
    "62c3",  # text ends early
    "61ff",  # text is not UTF-8
    "8201",  # array ends early
    "a101",  # map ends early
    "a1810101",  # a list as a key
    "ff",  # break outside
    "f8ff",  # unassigned simple value
    "1f",  # indefinite integer
    "5f6161ff",  # text inside bytes
    "5f5f4101ffff",  # nested indefinite strings
    "bf6161ff",  # key without a value
    "9f01",  # no break
    "81" * 40 + "00",  # too deep
    "c1" * 40 + "00",  # too many tags
)


def test_values_are_encoded_as_the_rfc_does():
    for value, wanted in _VECTORS + (_SINGLES if 1 + 1e-9 == 1 else _DOUBLES):
        assert hexlify(cbor.dumps(value)).decode() == wanted, value


def test_encodings_are_decoded_as_the_rfc_does():
    for value, data in _VECTORS + _DOUBLES + _DECODE_ONLY:
        assert cbor.loads(unhexlify(data)) == value, data
    assert cbor.loads(unhexlify("f97e00")) != cbor.loads(unhexlify("f97e00"))  # not a number


def test_bytes_in_a_view_are_not_copied():
    data = bytearray(cbor.dumps({"i": 3, "p": b"firmware"}))
    block = cbor.loads(memoryview(data))
    data[-8:] = b"FIRMWARE"
    assert block["i"] == 3
    assert bytes(block["p"]) == b"FIRMWARE"


def test_buffers_are_encoded_as_bytes():
    assert cbor.dumps(bytearray(b"ab")) == cbor.dumps(memoryview(b"ab")) == cbor.dumps(b"ab")


def test_what_is_no_cbor_is_a_value_error():
    for data in _BAD:
        try:
            cbor.loads(unhexlify(data))
        except ValueError:
            continue
        raise AssertionError(data)


def test_every_truncation_is_a_value_error():
    whole = cbor.dumps({"c": "token", "f": 0, "l": 1024, "i": 7, "p": b"x" * 30, "r": [1.5, None, -7]})
    for size in range(len(whole)):
        try:
            cbor.loads(memoryview(whole)[:size])
        except ValueError:
            continue
        raise AssertionError(size)


def test_random_bytes_give_a_value_or_a_value_error():
    seed = 12345
    for _ in range(2000):
        data = bytearray()
        for _ in range(12):
            seed = (seed * 1103515245 + 12345) & 0x7FFFFFFF
            data.append(seed >> 16 & 255)
        try:
            cbor.loads(bytes(data))
        except ValueError:
            pass


def test_what_cbor_has_not_is_a_type_error():
    for value in (object(), {"a": {1, 2}}):
        try:
            cbor.dumps(value)
        except TypeError:
            continue
        raise AssertionError(value)


def test_a_number_over_64_bits_is_a_value_error():
    for value in (1 << 64, -1 - (1 << 64)):
        try:
            cbor.dumps(value)
        except ValueError:
            continue
        raise AssertionError(value)
