"""aws_iot.names: what AWS takes as names, and the topics of a thing."""

from samples import refusal

from aws_iot.names import check_name, endpoint, jobs, port, shadow, stream


def test_names():
    # https://docs.aws.amazon.com/iot/latest/apireference/API_CreateThing.html
    for right in ("a", "Z", "0", ":", "_", "-", "x" * 128, "name", "$x"[1:]):
        assert check_name(right) == right
    for wrong in ("", "x" * 129, None, 7, b"thing"):
        assert "thing name: 1 to 128" in refusal(check_name, wrong)
    for letter in ". /+#$\u00e9\0@[`{":
        text = refusal(check_name, "a" + letter)
        assert "thing name" in text and (letter > "~" or repr(letter) in text), text
    assert "job name: 1 to 3" in refusal(check_name, "abcd", 3, b"", "job")


def test_endpoint_and_port():
    for right in ("x-ats.iot.eu-west-1.amazonaws.com", "127.0.0.1", "Broker_1"):
        assert endpoint(right) == right
    for wrong in ("", None, b"host", 7, "a b", "https://a", "a:8883", "me@a", "a\n", "a,b", "\u00fc"):
        assert "endpoint: a host name such as" in refusal(endpoint, wrong)
    assert (port(1), port(65535)) == (1, 65535)
    for wrong in (0, -1, 65536, "8883", None, 1.5):
        assert "port: 1 to 65535" in refusal(port, wrong)


def test_prefixes():
    assert shadow("t") == "$aws/things/t/shadow"
    assert shadow("t", "name") == "$aws/things/t/shadow/name/name"
    assert shadow("t", "$package") == "$aws/things/t/shadow/name/$package"
    for wrong in ("", "x" * 65, "a.b", "a/b"):
        assert "shadow name" in refusal(shadow, "t", wrong)
    assert jobs("t", "notify") == "$aws/things/t/jobs/notify"
    assert jobs("t", "$next", "get") == "$aws/things/t/jobs/$next/get"
    assert stream("t", "s", "get", "cbor") == "$aws/things/t/streams/s/get/cbor"
    for function in (shadow, lambda thing: jobs(thing, "get"), lambda thing: stream(thing, "s", "get", "cbor")):
        assert "thing name" in refusal(function, "a b")
    assert "stream" in refusal(stream, "t", "a:b", "get", "cbor")
