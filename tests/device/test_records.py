"""aws_iot.web.records: the pieces of a request, in as few writes as TLS should make records of."""

import aws_iot.web.records as records


def test_the_first_goes_alone_and_the_others_together():
    pieces = ["GET / HTTP/1.1", "a: b", b"c", "d" * 600, "e"]
    assert list(records.records(pieces)) == [b"GET / HTTP/1.1", b"a: bc", b"d" * 600, b"e"]
    assert list(records.records(["x"])) == [b"x"]


def test_a_buffer_that_is_filled_anew_goes_before_that():
    buffer = bytearray(4)

    def body():
        yield "PUT"
        yield "head"
        for number in range(3):
            for index in range(4):
                buffer[index] = 48 + number
            yield memoryview(buffer)[: 4 - number]
        yield "end"

    sent = [bytes(record) for record in records.records(body())]
    assert sent == [b"PUT", b"head", b"0000", b"111", b"22", b"end"]
