"""aws_iot.streams: what is asked for; the rest is in tests/system/test_streams.py, where there is a broker."""

from binascii import hexlify

from samples import raises

from aws_iot.stream_request import bitmap
from aws_iot.streams import StreamSource

# blocks, offset, bitmap; the first is the example of AWS's page
# https://docs.aws.amazon.com/iot/latest/developerguide/mqtt-based-file-delivery-in-devices.html
_VECTORS = (
    ([20, 21, 24, 43], 20, "130080"),
    ([0], 0, "01"),
    ([0, 1, 2, 3, 4, 5, 6, 7], 0, "ff"),
    ([7, 8], 0, "8001"),
    ([100, 131], 100, "01000080"),
)


class _Thing:
    """Enough of a thing to make a source of."""

    thingname = "thing"
    mqtt = None


def test_bitmaps_are_aws_s():
    for blocks, first, wanted in _VECTORS:
        assert hexlify(bitmap(blocks, first)).decode() == wanted, blocks


def test_sizes_that_aws_refuses_are_value_errors():
    for options in (
        {"block_bytes": 255}, {"block_bytes": 131073}, {"block_bytes": 1024, "buffer": bytearray(1023)},
    ):  # fmt: skip
        raises(ValueError, lambda chosen=options: StreamSource(_Thing, "stream", 0, 1000, **chosen))
    raises(ValueError, StreamSource, _Thing, "stream name", 0, 1000)
