"""aws_iot.wildcards: filters by AWS's rule, which is not quite MQTT's."""

from vectors import vectors

from aws_iot.topics import check_filter
from aws_iot.wildcards import match


def test_as_aws_says():
    for row in vectors("filters"):
        try:
            name = check_filter(row["filter"])
        except ValueError:
            assert not row["aws"], row
        else:
            assert match(name, row["topic"]) == row["aws"], row


def test_levels():
    for name, topic in (
        ("a", "a"), ("a/b", "a/b"), ("+", "a"), ("+/+", "/"), ("a/+", "a/"), ("/+", "/a"), ("a/+/c", "a/b/c"),
        ("#", "a"), ("#", "a/b"), ("#", "/"), ("a/#", "a/b"), ("a/#", "a/b/c"), ("+/#", "a/b"), ("+/b/#", "a/b/c"),
        ("$aws/#", "$aws/x"), ("$aws/+/x", "$aws/things/x"), ("a/$b", "a/$b"), ("a/+", "a/$b"),
    ):  # fmt: skip
        assert match(name, topic), (name, topic)
    for name, topic in (
        ("a", "b"), ("a", "a/"), ("a", "A"), ("a/b", "a"), ("+", "a/b"), ("+", "/a"), ("+/+", "a"), ("a/+", "a"),
        ("a/+", "b/c"), ("a/+/c", "a/b/d"), ("a/#", "a"), ("a/#", "b/c"), ("a/b/#", "a"), ("+/#", "a"),
        ("+/b/#", "a/b"), ("#", "$aws/x"), ("+/x", "$aws/x"), ("+/#", "$aws/x"), ("a/+/+", "a/b"),
    ):  # fmt: skip
        assert not match(name, topic), (name, topic)


def test_shared():
    assert match("$share/group/a/+", "a/b")
    assert not match("$share/group/a/+", "$share/group/a/b")
    assert not match("$share/group/#", "$aws/x")
    assert match("$share/group/#", "x")
