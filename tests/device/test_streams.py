"""aws_iot.fota.streams: what is asked for; the rest is in tests/system/test_streams.py, where there is a broker."""

from samples import raises

from aws_iot.fota.streams import StreamSource


class _Thing:
    """Enough of a thing to make a source of."""

    thingname = "thing"
    mqtt = None


def test_sizes_that_aws_refuses_are_value_errors():
    for options in (
        {"block_bytes": 255}, {"block_bytes": 131073}, {"block_bytes": 1024, "buffer": bytearray(1023)},
    ):  # fmt: skip
        raises(ValueError, lambda chosen=options: StreamSource(_Thing, "stream", 0, 1000, **chosen))
    raises(ValueError, StreamSource, _Thing, "stream name", 0, 1000)
