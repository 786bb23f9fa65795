"""aws_iot.fota.stream_request against AWS's example."""

from binascii import hexlify

import aws_iot.fota.cbor as cbor
from aws_iot.fota.stream_request import bitmap, request

# blocks, offset, bitmap; the first is the example of AWS's page
# https://docs.aws.amazon.com/iot/latest/developerguide/mqtt-based-file-delivery-in-devices.html
_VECTORS = (
    ([20, 21, 24, 43], 20, "130080"),
    ([0], 0, "01"),
    ([0, 1, 2, 3, 4, 5, 6, 7], 0, "ff"),
    ([7, 8], 0, "8001"),
    ([100, 131], 100, "01000080"),
)


def test_bitmaps_are_aws_s():
    for blocks, first, wanted in _VECTORS:
        assert hexlify(bitmap(blocks, first)).decode() == wanted, blocks


def test_request_as_json_has_its_bitmap_in_hexadecimal():
    assert request(1, 4096, 20, [20, 21, 24, 43], True) == {"f": 1, "l": 4096, "o": 20, "n": 4, "b": "0x130080"}


def test_request_as_cbor_has_its_bitmap_in_bytes():
    fields = cbor.loads(request(0, 1024, 7, [7, 15], False))
    assert fields == {"f": 0, "l": 1024, "o": 7, "n": 2, "b": b"\x01\x01"}
