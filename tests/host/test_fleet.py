"""What is known of a fleet: rows from the fleet index, from the registry, by the names of things; as they change."""

import itertools
import json
import re
import time

import pytest
from aws_iot_tools.cloud.aws import Aws
from aws_iot_tools.errors import ToolError
from aws_iot_tools.fleet import cells, connectivity, events, live
from aws_iot_tools.fleet.rows import Row, difference, rows

_HEALTH = {"version": "1.3.0", "heap_free": 81920, "rssi": -61, "cause": "no PUBACK in time", "connects": 3}
_INDEX = {"thingIndexingMode": "REGISTRY_AND_SHADOW", "thingConnectivityIndexingMode": "STATUS"}


def _told(account, name: str, shadow: str | None = None, **state) -> None:
    options = {"shadowName": shadow} if shadow else {}
    account.client("iot-data").update_thing_shadow(thingName=name, payload=json.dumps({"state": state}), **options)


def _aws(account, monkeypatch, url: str | None = None) -> Aws:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", account.number)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    return Aws(region="us-east-1", endpoint_url=url or account.url)


def _all(account, monkeypatch, url: str | None = None, **options) -> dict:
    found = itertools.chain.from_iterable(rows(_aws(account, monkeypatch, url), **options))
    return {row.thing: row for row in found}


@pytest.fixture
def lamp(account):
    """A thing whose board tells of itself, in an account that has another, which never reported."""
    iot = account.client("iot")
    for name in ("lamp", "lamp_2"):
        iot.create_thing(thingName=name)
    _told(account, "lamp", desired={"led": "on", "period": 5}, reported={"led": "off", "period": 5, "version": "1.2.0"})
    _told(account, "lamp", "health", reported=_HEALTH)
    return account


@pytest.mark.parametrize("indexed", [False, True])
def test_a_row_has_all_that_is_known(lamp, monkeypatch, indexed):
    """Of the one without reports each other cell is empty; who is online the index tells."""
    if indexed:
        lamp.client("iot").update_indexing_configuration(thingIndexingConfiguration=_INDEX)
    said = []
    found = _all(lamp, monkeypatch, say=said.append)
    row = found["lamp"]
    assert (row.version, row.heap_free, row.rssi) == ("1.3.0", 81920, -61)
    assert row.left == (None if indexed else "no PUBACK in time"), "that was an earlier link, and this one is gone"
    assert row.difference == {"led": "on"} and row.health == _HEALTH and abs(row.reported_at - time.time()) < 60
    assert row.online is (False if indexed else None) and row.since is None and row.update is None
    other = found["lamp_2"]
    assert cells.cells(other) == ("lamp_2", "no" if indexed else "-", "-", "-", "none", "-", "-", "-")
    assert bool(said) is not indexed, said


def test_things_are_chosen_by_search_group_and_name(lamp, monkeypatch):
    iot = lamp.client("iot")
    iot.create_thing(thingName="heating")
    iot.create_thing_group(thingGroupName="attic")
    iot.add_thing_to_thing_group(thingGroupName="attic", thingName="lamp_2")
    for _ in range(2):  # without the index, and with it
        for options, names in (
            ({}, ["heating", "lamp", "lamp_2"]), ({"search": "lamp"}, ["lamp", "lamp_2"]),
            ({"search": "l*2"}, ["lamp_2"]),
            ({"search": "Lamp"}, []), ({"group": "attic"}, ["lamp_2"]), ({"names": ["lamp"]}, ["lamp"]),
        ):  # fmt: skip
            assert sorted(_all(lamp, monkeypatch, **options)) == names, options
        assert _all(lamp, monkeypatch, names=["lamp_2"])["lamp_2"].groups == ["attic"]
        iot.update_indexing_configuration(thingIndexingConfiguration=_INDEX)


def test_many_names_are_looked_for_in_the_list(lamp, monkeypatch):
    """Up to twenty are asked for one by one; what there is comes before the sentence about what there is not."""
    names, found = ["lamp", *(f"ghost_{number}" for number in range(20))], []
    with pytest.raises(ToolError, match="there is no thing ghost_0, ghost_1, "):
        found += itertools.chain.from_iterable(rows(_aws(lamp, monkeypatch), names=names))
    assert not found or [row.thing for row in found] == ["lamp"]
    with pytest.raises(ToolError, match="not allowed as a name"):
        next(rows(_aws(lamp, monkeypatch), names=["a b"]))


def test_an_update_that_runs_is_told(lamp, monkeypatch):
    """Other jobs are none, and of an update that a board has not begun there is no progress."""
    iot, arn = lamp.client("iot"), f"arn:aws:iot:us-east-1:{lamp.number}:thing/"
    for job, operation in (("other", "reboot"), ("newer", "fota")):
        iot.create_job(jobId=job, targets=[f"{arn}lamp", f"{arn}lamp_2"], document=json.dumps({"operation": operation}))
    jobs = lamp.client("iot-jobs-data")
    jobs.update_job_execution(
        jobId="newer", thingName="lamp", status="IN_PROGRESS", statusDetails={"progress": "42"}
    )  # fmt: skip
    found = _all(lamp, monkeypatch)
    assert (found["lamp"].update.job, found["lamp"].update.progress) == ("newer", 42)
    assert cells.update(found["lamp"].update) == "42 %" and cells.update(found["lamp_2"].update) == "queued"


def _played(number: int) -> dict:
    """A thing as AWS's fleet index has it, with its shadows' times and named shadows, which MiniStack's has not.

    https://docs.aws.amazon.com/iot/latest/apireference/API_ThingDocument.html and
    https://docs.aws.amazon.com/iot/latest/developerguide/managing-fleet-index.html
    """
    stamps = {"led": {"timestamp": 1790000000}}
    shadow = {
        "desired": {"led": "on"}, "reported": {"led": "on"}, "metadata": {"reported": stamps}, "hasDelta": False,
        "name": {"health": {"reported": _HEALTH, "metadata": {"reported": {"rssi": {"timestamp": 1790000060}}}}},
    }  # fmt: skip
    link = {"connected": False, "timestamp": 1790000090000, "disconnectReason": "MQTT_KEEP_ALIVE_TIMEOUT"}
    return {
        "thingName": f"t{number}", "thingId": "x", "thingGroupNames": ["attic"], "attributes": {},
        "shadow": json.dumps(shadow), "connectivity": link,
    }  # fmt: skip


def test_with_all_in_the_fleet_index_no_thing_is_asked_for_by_itself(account, monkeypatch, proxy):
    """A thousand of them in ten calls and two more, whatever the distance."""
    pages = iter(range(10))

    def search(body):
        page = next(pages)
        more = {"nextToken": "more"} if page < 9 else {}
        return {"things": [_played(100 * page + number) for number in range(100)], **more}

    proxy.answers["/indices/search"] = search
    named = {**_INDEX, "namedShadowIndexingMode": "ON", "filter": {"namedShadowNames": ["health"]}}
    proxy.answers["/indexing/config"] = lambda body: {"thingIndexingConfiguration": named}
    said = []
    found = _all(account, monkeypatch, proxy.url, say=said.append)
    assert len(found) == 1000 and len(proxy.calls) == 12 and not said
    row = found["t7"]
    assert (row.heap_free, row.reported_at, row.since, row.difference) == (81920, 1790000060, 1790000090, {})
    assert row.left == "no PINGREQ in time: its network is gone or the board hangs" and row.groups == ["attic"]


def test_pages_come_before_the_last_thing_is_listed(account, monkeypatch, proxy):
    """The first of ten thousand after two pages of the registry; who goes away then leaves nothing running."""
    listed = itertools.count()

    def things(body):
        page = next(listed)
        names = [f"t{page}_{number}" for number in range(250)]
        return {"things": [{"thingName": name, "attributes": {}} for name in names], "nextToken": "x"}

    proxy.answers["/things"] = things
    proxy.refuse["/indices/search"] = (1, 404, "ResourceNotFoundException")
    pages = rows(_aws(account, monkeypatch, proxy.url), ask=10)
    first = next(pages)
    assert len(first) == 250 and first[0].thing == "t0_0" and proxy.count("/things") == 2
    pages.close()
    assert proxy.count("GetThingShadow") == 20, "of ten things, two each"


def test_what_may_not_be_asked_is_not_known(lamp, monkeypatch, proxy):
    """Neither the index nor the jobs: the list is there all the same."""
    proxy.refuse["/indices/search"] = proxy.refuse["/jobs"] = (9, 403, "AccessDeniedException")
    row = _all(lamp, monkeypatch, proxy.url)["lamp"]
    assert row.version == "1.3.0" and row.online is None and row.update is None


@pytest.mark.parametrize(
    "desired, reported, missing",
    [
        ({"a": 1}, {"a": 1}, {}), ({"a": 1}, {}, {"a": 1}), ({"a": 1}, {"a": True}, {"a": 1}),
        ({"a": {"b": 1, "c": 2}}, {"a": {"b": 1, "d": 3}}, {"a": {"c": 2}}),
        ({"a": [1, 2]}, {"a": [2, 1]}, {"a": [1, 2]}),
    ],
)  # fmt: skip
def test_the_difference_is_that_of_aws(desired, reported, missing):
    """https://docs.aws.amazon.com/iot/latest/developerguide/device-shadow-document.html (delta state)"""
    assert difference(desired, reported) == missing


def test_each_reason_of_aws_has_words():
    from botocore.session import get_session

    shapes = get_session().get_service_model("iot").shape_for("DisconnectReasonValue").enum
    for reason in set(shapes) - {"NONE", "UNKNOWN"}:
        assert connectivity.words(reason) != reason, reason
    assert connectivity.words("NONE") is None and connectivity.words("WHAT_COMES_LATER") == "WHAT_COMES_LATER"


def _after(row, topic: str, document: dict) -> Row:
    """The row after a message that is about its thing."""
    event = events.read((topic, json.dumps(document).encode()))
    assert event.thing == row.thing
    return events.applied(row, event)


def test_a_row_follows_what_aws_publishes():
    """https://docs.aws.amazon.com/iot/latest/developerguide/life-cycle-events.html and reserved-topics.html"""
    row, prefix = Row("lamp", online=True), "$aws/things/lamp/shadow"
    gone = {"clientId": "lamp", "timestamp": 1790000000000, "disconnectReason": "CONNECTION_LOST"}
    row = _after(row, "$aws/events/presence/disconnected/lamp", {**gone, "eventType": "disconnected"})
    assert row.online is False and row.since == 1790000000
    assert row.left.startswith("the connection broke")
    current = {"state": {"reported": {"heap_free": 5}}, "metadata": {"reported": {"heap_free": {"timestamp": 7}}}}
    row = _after(row, f"{prefix}/name/health/update/documents", {"current": current, "timestamp": 7})
    assert (row.heap_free, row.reported_at) == (5, 7) and row.left.startswith("the connection broke")
    current = {"state": {"desired": {"a": 1}, "reported": {"a": 2}}, "metadata": {}}
    row = _after(row, f"{prefix}/update/documents", {"current": current, "timestamp": 8})
    assert row.difference == {"a": 1} and row.heap_free == 5
    back = {"clientId": "lamp", "timestamp": 1790000001000, "eventType": "connected"}
    row = _after(row, "$aws/events/presence/connected/lamp", back)
    assert row.online is True and row.left is None


@pytest.mark.parametrize("interval_s", [0.1, None])
def test_rows_are_followed(lamp, monkeypatch, interval_s):
    """Asked for now and then, and pushed: all of them once, then only what has changed."""
    aws = _aws(lamp, monkeypatch)
    pages = live.follow(aws, lambda: rows(aws), lambda text: None, interval_s)
    assert sorted(row.thing for row in next(pages)) == ["lamp", "lamp_2"]
    _told(lamp, "lamp_2", desired={"led": "on"})
    assert [(row.thing, row.difference) for row in next(pages)] == [("lamp_2", {"led": "on"})]
    pages.close()


def test_after_a_new_connection_all_is_looked_at_again():
    """A stand-in for a feed.Feed that has lost its connection, and is told nothing else for a while."""

    class Cut:
        events = [TimeoutError(), None]

        def next(self, timeout_s):
            event = self.events.pop()
            if event:
                raise event

    looks = iter([[[Row("a"), Row("b")]], [[Row("a"), Row("b", version="2")]]])
    pages = live._pushed(None, Cut(), lambda: iter(next(looks)), print)
    assert next(pages) == [Row("a"), Row("b")] and next(pages) == [Row("b", version="2")]


def test_status_of_a_thing_and_of_all(thing, lamp):
    lamp.client("iot").update_indexing_configuration(thingIndexingConfiguration=_INDEX)
    said = thing.run("status", "lamp").stdout
    assert re.search(r'^  difference  \{"led": "on"\}$', said, re.M) and "  heap free   81920 bytes\n" in said
    assert "  connects    3\n" in said and "  left        -\n" in said and "  update      -\n" in said
    assert thing.json("status", "lamp_2")[0]["online"] is False
    figures = thing.json("status")
    assert (figures["things"], figures["offline"], figures["versions"]) == (2, 2, {"1.3.0": 1})
    assert "(did you mean lamp" in thing.run("status", "lamq", code=1).stderr
    assert "not both" in thing.run("status", "lamp", "--group", "attic", code=1).stderr


@pytest.mark.parametrize("words", [("list",), ("status", "lamp", "lamp_2")])
def test_a_list_is_watched(thing, lamp, words):
    """Each change is a line at once, by MQTT: a report, and a board that comes."""
    lamp.client("iot").update_indexing_configuration(thingIndexingConfiguration=_INDEX)
    watch = thing.start(*words, "--watch", "--json")
    try:
        seen = [json.loads(watch.stdout.readline()) for _ in range(2)]
        assert {row["thing"] for row in seen} == {"lamp", "lamp_2"}
        _told(lamp, "lamp_2", reported={"version": "9"})
        changed = json.loads(watch.stdout.readline())
        assert (changed["thing"], changed["version"], changed["online"]) == ("lamp_2", "9", False)
    finally:
        watch.kill()
        watch.communicate()
