"""What the console's pages show and do, without a page: rows that change, documents line by line, plans."""

import json

import pytest
from aws_iot_tools.errors import ToolError
from aws_iot_tools.fleet import acts, documents, events
from aws_iot_tools.fleet.rows import Row
from aws_iot_tools.fleet.table import Table, View
from aws_iot_tools.fota.rollout import Pace

from ..harness import pages


def _message(topic: str, document: dict) -> tuple:
    return topic, json.dumps(document).encode()


def _documents(thing: str, state: dict, name: str = "") -> tuple:
    """https://docs.aws.amazon.com/iot/latest/developerguide/device-shadow-mqtt.html#update-documents-pub-sub-topic"""
    current = {"state": state, "metadata": {"reported": {"version": {"timestamp": 1000}}}, "version": 2}
    topic = f"$aws/things/{thing}/shadow{name}/update/documents"
    return _message(topic, {"previous": {}, "current": current, "timestamp": 1000})


def _presence(thing: str, kind: str, at: int, **more) -> tuple:
    """https://docs.aws.amazon.com/iot/latest/developerguide/life-cycle-events.html"""
    return _message(
        f"$aws/events/presence/{kind}/{thing}", {"clientId": thing, "timestamp": at, "eventType": kind, **more}
    )


@pytest.fixture
def table():
    found = Table()
    found.begin()
    found.take([Row("lamp_1"), Row("lamp_2", groups=["attic"], version="1.2.0"), Row("door", version="1.10.0")])
    found.end()
    return found


def _names(table, **view) -> list:
    return [row.thing for row in table.look(View(**view))]


def test_rows_follow_what_aws_tells(table):
    table.hear(
        events.read(_documents("lamp_1", {"desired": {"led": "on"}, "reported": {"led": "off", "version": "7"}}))
    )
    row = table.rows["lamp_1"]
    assert (row.version, row.difference, row.reported_at) == ("7", {"led": "on"}, 1000)
    table.hear(events.read(_documents("lamp_1", {"reported": {"heap_free": 40000, "rssi": -60}}, "/name/health")))
    assert (table.rows["lamp_1"].heap_free, table.rows["lamp_1"].rssi) == (40000, -60)
    table.hear(events.read(_presence("lamp_1", "connected", 5000)))
    assert (table.rows["lamp_1"].online, table.rows["lamp_1"].since) == (True, 5)
    table.hear(events.read(_presence("lamp_1", "disconnected", 9000, disconnectReason="DUPLICATE_CLIENTID")))
    assert table.rows["lamp_1"].left == "another device has connected with its client id"
    assert [visit.online for visit in table.visits("lamp_1")] == [False, True]
    table.hear(events.read(_message("$aws/things/lamp_1/shadow/delete/accepted", {"version": 2, "timestamp": 1010})))
    assert table.rows["lamp_1"].difference == {}


@pytest.mark.parametrize(
    "message",
    [
        ("$aws/things/lamp_1/shadow/update/documents", b"{"),
        ("$aws/things/lamp_1/shadow/update/documents", b"[]"),
        ("$aws/things/lamp_1/shadow/update/documents", b'{"timestamp": 1}'),
        ("$aws/events/presence/connected/lamp_1", b"{}"),
        ("$aws/events/jobExecution/j/succeeded", b'{"thingArn": 1}'),
        ("another/topic", b"{}"),
    ],
)
def test_messages_that_say_nothing_are_passed_over(message):
    assert events.read(message) is None


def test_search_filter_and_order(table):
    assert _names(table) == ["door", "lamp_1", "lamp_2"]
    assert _names(table, search="LAMP") == ["lamp_1", "lamp_2"]
    assert _names(table, search="*_2") == ["lamp_2"] and _names(table, search="attic") == ["lamp_2"]
    assert _names(table, group="attic") == ["lamp_2"] and table.groups() == ["attic"]
    assert _names(table, sort="version") == ["door", "lamp_2", "lamp_1"], "what has none is last"
    assert _names(table, sort="version", descending=True) == ["lamp_2", "door", "lamp_1"]
    assert _names(table, online=False) == [] and _names(table, differing=True) == []


def test_what_is_gone_leaves_the_list_when_it_was_read_to_its_end(table):
    table.begin()
    table.take([Row("door")])
    assert len(table.rows) == 3, "half of a reading takes nothing away"
    table.end()
    assert list(table.rows) == ["door"]


def test_a_document_line_by_line():
    state = {"desired": {"a": {"b": 1}, "c": [1], "d": True}, "reported": {"a": {"b": 1}, "d": 1, "e": {}}}
    metadata = {"desired": {"c": [{"timestamp": 7}]}, "reported": {"a": {"b": {"timestamp": 8}}}}
    lines = {line.path: line for line in documents.lines({"state": state, "metadata": metadata})}
    assert [*lines] == ["a.b", "c", "d", "e"]
    assert (lines["a.b"].differs, lines["a.b"].reported_at) == (False, 8)
    assert (lines["c"].differs, lines["c"].desired, lines["c"].desired_at) == (True, "[1]", 7)
    assert lines["d"].differs and (lines["e"].desired, lines["e"].reported) == ("", "{}")
    assert documents.lines(None) == []


def test_an_edit_writes_only_what_it_changed():
    old = {"a": {"b": 1, "c": 2}, "d": [1], "e": 1}
    assert documents.patch(old, {"a": {"b": 1, "c": 3}, "d": [1], "e": True}) == {"a": {"c": 3}, "e": True}
    assert documents.patch(old, {"a": {"b": 1}, "d": [1]}) == {"a": {"c": None}, "e": None}
    assert documents.patch(old, old) == {}


def test_a_plan_tells_before_anything_is_done(thing, account):
    from aws_iot_tools.cloud.aws import Aws

    iot = account.client("iot")
    for name in ("lamp", "fan"):
        iot.create_thing(thingName=name)
    aws = Aws(region="us-east-1", endpoint_url=account.url)
    for document, words in (("{", "no valid JSON"), ("{}", "names what is to be done"), ('{"operation": 1}', "names")):
        with pytest.raises(ToolError, match=words):
            acts.job(aws, acts.Targets(("lamp",)), document, Pace())
    with pytest.raises(ToolError, match="no things were chosen"):
        acts.desired(aws, acts.Targets(()), "{}")
    with pytest.raises(ToolError, match="a job takes 100 targets, these are 101"):
        acts.job(aws, acts.Targets(tuple(f"t{number}" for number in range(101))), '{"operation": "x"}', Pace())


def test_jobs_and_desired_values_for_many_by_commands(thing, account):
    iot, data = account.client("iot"), account.client("iot-data")
    iot.create_thing_group(thingGroupName="crowd")
    for name in ("lamp", "fan"):
        iot.create_thing(thingName=name)
        iot.add_thing_to_thing_group(thingGroupName="crowd", thingName=name)
    made = thing.json("job", "start", "crowd", '{"operation": "reboot"}', "--group", "--rate", 5, "--abort-at", 20)
    job = iot.describe_job(jobId=made["job"])["job"]
    assert made["things"] == 2 and job["targets"][0].endswith(":thinggroup/crowd")
    assert job["jobExecutionsRolloutConfig"] == {"maximumPerMinute": 5}
    assert job["abortConfig"]["criteriaList"][0]["minNumberOfExecutedThings"] == 2
    said = thing.run("update", "lamp,nobody,fan", '{"led": "on"}', code=1)
    assert "lamp: WRITTEN\n" in said.stdout and "nobody: FAILED there is no thing nobody" in said.stdout
    assert said.stderr == "thing: 1 of 3 things were not written: nobody\n"
    assert json.loads(data.get_thing_shadow(thingName="fan")["payload"].read())["state"]["desired"] == {"led": "on"}
    assert "there is no thing nobody" in thing.run("job", "start", "nobody", '{"operation": "x"}', code=1).stderr


def test_the_commands_of_the_page(project, thing, account):
    """docs/console.md, as they stand there."""
    thing.run("add", "demo", "--things-number", 2)
    reader = pages.Reader(thing.folder, thing.environment)
    (block,) = pages.blocks("docs/console.md", "sh many")
    assert "demo_1: WRITTEN\njob reboot-" in reader.run(block.text)
    assert len(account.client("iot").list_job_executions_for_thing(thingName="demo_1")["executionSummaries"]) == 1
