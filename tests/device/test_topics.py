"""aws_iot.topics: what AWS takes as names, topics and filters."""

from samples import raises
from vectors import vectors

from aws_iot.topics import check_filter, check_name, check_topic, jobs, shadow, stream


def _refused(function, *args):
    """The text of the ValueError, which names what is wrong."""
    return str(raises(ValueError, function, *args))


def test_topics_of_aws_are_taken():
    for row in vectors("topics"):
        assert check_topic(row["topic"]) == row["topic"].encode(), row
        if row["device"] != "pub":
            assert check_filter(row["topic"]) == row["topic"], row


def test_topics_that_no_broker_takes():
    for row in vectors("topics_hostile"):
        topic = row["topic"]
        if not topic or "\0" in topic or "#" in topic or len(topic.encode()) > 256:
            _refused(check_topic, topic)
        else:
            assert check_topic(topic) == topic.encode()


def test_topic_limits():
    # https://docs.aws.amazon.com/general/latest/gr/iot-core.html#message-broker-limits
    for check in (check_topic, check_filter):
        check("x" * 256)
        assert "256 bytes" in _refused(check, "x" * 257)
        check("\u00e9" * 128)
        assert "256 bytes" in _refused(check, "\u00e9" * 129)
        check("a/b/c/d/e/f/g/h")
        assert "7 slashes" in _refused(check, "a/b/c/d/e/f/g/h/i")
        check("///////")
        assert "7 slashes" in _refused(check, "////////")
        for wrong in ("", b"", "a\0", b"\0"):
            assert "empty" in _refused(check, wrong)
        for wrong in (None, 7, ["a"], bytearray(b"a")):
            assert "str or bytes" in _refused(check, wrong)
    assert check_topic(b"a/b") == check_topic("a/b") == b"a/b"
    assert check_filter(b"a/+") == check_filter("a/+") == "a/+"


def test_basic_ingest_is_not_counted():
    # https://docs.aws.amazon.com/iot/latest/developerguide/iot-basic-ingest.html
    check_topic("$aws/rules/my_rule/a/b/c/d/e/f/g/h")
    assert "7 slashes" in _refused(check_topic, "$aws/rules/my_rule/a/b/c/d/e/f/g/h/i")
    check_topic("$aws/rules/my_rule/" + "x" * 256)
    assert "256 bytes" in _refused(check_topic, "$aws/rules/my_rule/" + "x" * 257)
    check_topic("$aws/rules/my_rule")


def test_wildcards():
    for wrong in ("a/+", "#", "+", "a#", "a+b"):
        assert "wildcards" in _refused(check_topic, wrong)
    for right in ("#", "+", "+/+/+", "a/+/c", "a/#", "+/#", "$aws/things/+/shadow/get/+"):
        assert check_filter(right) == right
    for wrong in ("a/#/b", "#/a", "a#", "a/b#", "a+", "+a", "a/+b/c", "##", "++"):
        assert "whole level" in _refused(check_filter, wrong)


def test_shared_subscriptions():
    # group and prefix are not counted
    for right in ("$share/g/a", "$share/g/#", "$share/g/a/b/c/d/e/f/g/h", "$share/g/" + "x" * 256):
        assert check_filter(right) == right
    for wrong in ("$share", "$share/g", "$share//a/b"):
        assert "$share" in _refused(check_filter, wrong)
    assert "7 slashes" in _refused(check_filter, "$share/g/a/b/c/d/e/f/g/h/i")
    assert "256 bytes" in _refused(check_filter, "$share/g/" + "x" * 257)


def test_names():
    # https://docs.aws.amazon.com/iot/latest/apireference/API_CreateThing.html
    for right in ("a", "Z", "0", ":", "_", "-", "x" * 128, "name", "$x"[1:]):
        assert check_name(right) == right
    for wrong in ("", "x" * 129, None, 7, b"thing"):
        assert "thing name: 1 to 128" in _refused(check_name, wrong)
    for letter in ". /+#$\u00e9\0@[`{":
        text = _refused(check_name, "a" + letter)
        assert "thing name" in text and (letter > "~" or repr(letter) in text), text
    assert "job: 1 to 3" in _refused(check_name, "abcd", 3, "", "job")


def test_prefixes():
    assert shadow("t") == "$aws/things/t/shadow"
    assert shadow("t", "name") == "$aws/things/t/shadow/name/name"
    assert shadow("t", "$package") == "$aws/things/t/shadow/name/$package"
    for wrong in ("", "x" * 65, "a.b", "a/b"):
        assert "shadow name" in _refused(shadow, "t", wrong)
    assert jobs("t", "notify") == "$aws/things/t/jobs/notify"
    assert jobs("t", "$next", "get") == "$aws/things/t/jobs/$next/get"
    assert stream("t", "s", "get", "cbor") == "$aws/things/t/streams/s/get/cbor"
    for function in (shadow, lambda thing: jobs(thing, "get"), lambda thing: stream(thing, "s", "get", "cbor")):
        assert "thing name" in _refused(function, "a b")
    assert "stream" in _refused(stream, "t", "a:b", "get", "cbor")
