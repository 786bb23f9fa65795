"""aws_iot.topics: what AWS takes as topics and filters."""

from samples import refusal
from vectors import vectors

from aws_iot.topics import check_filter, check_publish, check_topic


def test_topics_of_aws_are_taken():
    for row in vectors("topics"):
        assert check_topic(row["topic"]) == row["topic"].encode(), row
        if row["device"] != "pub":
            assert check_filter(row["topic"]) == row["topic"], row


def test_topics_that_no_broker_takes():
    for row in vectors("topics_hostile"):
        topic = row["topic"]
        if not topic or "\0" in topic or "#" in topic or len(topic.encode()) > 256:
            refusal(check_topic, topic)
        else:
            assert check_topic(topic) == topic.encode()


def test_topic_limits():
    # https://docs.aws.amazon.com/general/latest/gr/iot-core.html#message-broker-limits
    for check in (check_topic, check_filter):
        check("x" * 256)
        assert "256 bytes" in refusal(check, "x" * 257)
        check("\u00e9" * 128)
        assert "256 bytes" in refusal(check, "\u00e9" * 129)
        check("a/b/c/d/e/f/g/h")
        assert "7 slashes" in refusal(check, "a/b/c/d/e/f/g/h/i")
        check("///////")
        assert "7 slashes" in refusal(check, "////////")
        for wrong in ("", b"", "a\0", b"\0"):
            assert "empty" in refusal(check, wrong)
        for wrong in (None, 7, ["a"], bytearray(b"a")):
            assert "str or bytes" in refusal(check, wrong)
    assert check_topic(b"a/b") == check_topic("a/b") == b"a/b"
    assert check_filter(b"a/+") == check_filter("a/+") == "a/+"


def test_basic_ingest_is_not_counted():
    # https://docs.aws.amazon.com/iot/latest/developerguide/iot-basic-ingest.html
    check_topic("$aws/rules/my_rule/a/b/c/d/e/f/g/h")
    assert "7 slashes" in refusal(check_topic, "$aws/rules/my_rule/a/b/c/d/e/f/g/h/i")
    check_topic("$aws/rules/my_rule/" + "x" * 256)
    assert "256 bytes" in refusal(check_topic, "$aws/rules/my_rule/" + "x" * 257)
    check_topic("$aws/rules/my_rule")


def test_wildcards():
    for wrong in ("a/+", "#", "+", "a#", "a+b"):
        assert "wildcards" in refusal(check_topic, wrong)
    for right in ("#", "+", "+/+/+", "a/+/c", "a/#", "+/#", "$aws/things/+/shadow/get/+"):
        assert check_filter(right) == right
    for wrong in ("a/#/b", "#/a", "a#", "a/b#", "a+", "+a", "a/+b/c", "##", "++"):
        assert "whole level" in refusal(check_filter, wrong)


def test_shared_subscriptions():
    # group and prefix are not counted
    for right in ("$share/g/a", "$share/g/#", "$share/g/a/b/c/d/e/f/g/h", "$share/g/" + "x" * 256):
        assert check_filter(right) == right
    for wrong in ("$share", "$share/g", "$share//a/b"):
        assert "$share" in refusal(check_filter, wrong)
    assert "7 slashes" in refusal(check_filter, "$share/g/a/b/c/d/e/f/g/h/i")
    assert "256 bytes" in refusal(check_filter, "$share/g/" + "x" * 257)


class _Client:
    """What of a client is read."""

    def __init__(self):
        self.names = {}
        self.sent = {b"a/b": 5}


def test_what_may_be_published_is_remembered():
    client = _Client()
    names = client.names
    assert check_publish(client, "a/b", 131072, 1) == b"a/b"
    assert names == {"a/b": b"a/b"}
    assert "QoS" in refusal(check_publish, client, "a", 0, 2)
    assert "128 KB" in refusal(check_publish, client, "a", 131073, 0)
    assert "wildcards" in refusal(check_publish, client, "a/#", 0, 0)
    assert names == {"a/b": b"a/b"}
    for number in range(9):  # at most eight
        assert client.sent
        check_publish(client, "t%d" % number, 0, 0)
        if number == 6:
            assert len(names) == 8 and client.sent
            client.sent[b"t6"] = 7
        if number == 7:
            assert client.sent == {}
            client.sent[b"t7"] = 8
    assert names == {"t7": b"t7", "t8": b"t8"}


def test_topics_in_bytes_are_remembered_apart():
    """MicroPython prints a warning for each comparison of bytes with text."""
    client = _Client()
    assert check_publish(client, b"a/b", 0, 1) == b"a/b" and check_publish(client, b"c", 0, 1) == b"c"
    assert client.names == {} and client.sent == {b"a/b": 5, b"c": None}
    for number in range(20):
        check_publish(client, b"t%d" % number, 0, 0)
    assert len(client.sent) <= 8
