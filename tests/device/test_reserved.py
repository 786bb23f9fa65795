"""aws_iot.reserved against AWS's own topics."""

from samples import raises
from vectors import vectors

from aws_iot.reserved import build, match


def test_every_topic_of_aws_is_read_and_built():
    for row in vectors("topics"):
        found = match(row["topic"])
        if row["is"] is None:
            assert found is None, row
        else:
            assert list(found) == row["is"], row
            assert build(*found) == row["topic"], row


def test_what_is_no_topic_of_aws_is_none():
    count = 0
    for row in vectors("topics_hostile"):
        found = match(row["topic"])
        if "other_than_thing" in row:
            assert found[2] != row["other_than_thing"], row
        elif "other_than_shadow" in row:
            assert found[3] != row["other_than_shadow"], row
        else:
            assert found is None, row
            count += 1
    assert count > 25


def test_answers_are_told_from_names_by_position():
    # a job may be called as an operation is: the count of levels decides
    assert match("$aws/things/t/jobs/get/accepted") == ("jobs", "get/accepted", "t", None, None)
    assert match("$aws/things/t/jobs/get/get/accepted") == ("jobs", "get/accepted", "t", "get", None)
    assert match("$aws/things/shadow/shadow/name/shadow/get") == ("shadow", "get", "shadow", "shadow", None)
    assert match("$aws/things/t/shadow/name/get") is None
    assert match("$aws/things/t/jobs/accepted/get") == ("jobs", "get", "t", "accepted", None)


def test_lifecycle_events():
    for where, operation in (
        ("presence", "connected"), ("presence", "disconnected"),
        ("subscriptions", "subscribed"), ("subscriptions", "unsubscribed"),
    ):  # fmt: skip
        topic = "$aws/events/%s/%s/client-1" % (where, operation)
        assert match(topic) == ("lifecycle", operation, None, "client-1", None)
    assert match("$aws/events/presence/subscribed/client-1") is None
    assert match("$aws/events/presence/connected/a.b c@\u00e9") is not None  # any UTF-8
    for client_id in ("", "$x", "x" * 129, "\u00e9" * 65, "a/b", "a+", "#", "a\0"):
        assert match("$aws/events/presence/connected/" + client_id) is None, client_id
        raises(ValueError, build, "lifecycle", "connected", None, client_id)


def test_basic_ingest_counts_only_what_is_behind_the_rule():
    assert match("$aws/rules/r_1") == ("basic-ingest", None, None, "r_1", None)
    assert match("$aws/rules/r_1/") is None
    assert match("$aws/rules/r//x") == ("basic-ingest", "/x", None, "r", None)
    assert build("basic-ingest", "x" * 256, name="r") == "$aws/rules/r/" + "x" * 256
    raises(ValueError, build, "basic-ingest", "x" * 257, None, "r")
    raises(ValueError, build, "basic-ingest", "a/b/c/d/e/f/g/h/i", None, "r")
    raises(ValueError, build, "basic-ingest", "a/+", None, "r")


def test_names_have_limits():
    for kind, operation, longest, extra, form in (
        ("shadow", "get", 64, "$:_-", None),
        ("jobs", "get", 64, "_-", None),
        ("streams", "get", 128, "_-", "cbor"),
        ("provisioning", "provision", 36, "_-", "json"),
        ("basic-ingest", None, 128, "_", None),
    ):
        thing = "t" if kind in ("shadow", "jobs", "streams") else None
        for name in ("x" * longest, extra, "Az09"):
            assert match(build(kind, operation, thing, name, form)) == (kind, operation, thing, name, form)
        for name in ("x" * (longest + 1), "", "a.b", "a/b", "a b", "\u00e9"):
            raises(ValueError, build, kind, operation, thing, name, form)
    raises(ValueError, build, "jobs", "get", "t", "$nextx")
    raises(ValueError, build, "shadow", "get", "t" * 129)


def test_arguments_must_fit_the_kind():
    for wrong in (
        ("shadow", "get"),  # no thing
        ("shadow", "patch", "t"),
        ("shadow", None, "t"),
        ("shadow", "get", "t", None, "json"),
        ("jobs", "notify", "t", "job-1"),
        ("jobs", "update", "t"),
        ("streams", "get", "t", "s"),  # no form
        ("streams", "get", "t", "s", "xml"),
        ("defender", "metrics", None, None, "json"),
        ("provisioning", "create", "t", None, "json"),
        ("provisioning", "provision", None, None, "json"),
        ("basic-ingest", "x", "t", "rule"),
        ("basic-ingest", "x", None, "rule", "json"),
        ("basic-ingest", "x"),
        ("lifecycle", "connected"),
        ("thing", "get", "t"),
    ):
        raises(ValueError, build, *wrong)
