"""thing record, thing plot, and thing logs of a thing: what happened to boards far away."""

import json
import signal
import xml.etree.ElementTree

import pytest
from aws_iot_tools.errors import ToolError
from aws_iot_tools.fleet import drawing, history

from ..harness.pages import Reader, blocks
from .test_fleet import _told


@pytest.fixture
def lamp(thing, account):
    account.client("iot").create_thing(thingName="lamp")
    return account


def _line(process) -> dict:
    return json.loads(process.stdout.readline())


def test_each_version_is_a_line(thing, lamp):
    record = thing.start("record", "lamp", "--changes", "4")
    first = _line(record)
    assert (first["thing"], first["shadow"], first["version"], first["state"]) == ("lamp", None, None, None)
    for number in (1, 2):
        _told(lamp, "lamp", reported={"n": number})
        line = _line(record)
        assert (line["version"], line["state"]) == (number, {"reported": {"n": number}}) and line["time"]
    lamp.client("iot-data").delete_thing_shadow(thingName="lamp")
    assert _line(record)["state"] is None
    assert record.communicate(timeout=120) == ("", "") and not record.returncode


def test_a_record_goes_on_where_it_ended_and_says_what_it_missed(thing, lamp):
    """Also after a kill that cut a line, and not into the record of another shadow."""
    path = thing.folder / "lamp.jsonl"
    _told(lamp, "lamp", "health", reported={"heap_free": 1})
    thing.run("record", "lamp", "--name", "health", "-o", "lamp.jsonl", "--changes", "1")
    for number in (2, 3, 4):
        _told(lamp, "lamp", "health", reported={"heap_free": number})
    with path.open("a") as file:
        file.write('{"time": "2026-')
    thing.run("record", "lamp", "--name", "health", "-o", "lamp.jsonl", "--changes", "2")
    lines = history.read(path)
    assert [line.get("version", line.get("gap")) for line in lines] == [1, [2, 3], 4]
    assert "is no record of this shadow of lamp" in thing.run("record", "lamp", "-o", "lamp.jsonl", code=1).stderr
    assert "no thing lmap" in thing.run("record", "lmap", code=1).stderr
    points = thing.json("plot", "lamp.jsonl")
    assert [value for _, value in points] == [1, None, 4]


def test_ctrl_c_ends_a_record_and_keeps_it(thing, lamp):
    _told(lamp, "lamp", reported={"n": 1})
    record = thing.start("record", "lamp", "-o", "lamp.jsonl")
    assert "recording to lamp.jsonl" in record.stderr.readline()
    record.send_signal(signal.SIGINT)
    assert record.communicate(timeout=120)[1].strip() == "thing: stopped" and record.returncode == 130
    assert history.read(thing.folder / "lamp.jsonl")[0]["state"] == {"reported": {"n": 1}}


def test_the_commands_of_the_page(thing, lamp):
    """docs/health.md"""
    _told(lamp, "lamp", "health", reported={"heap_free": 81920})
    (block,) = blocks("docs/health.md", "sh record")
    printed = Reader(thing.folder, thing.environment).run(block.text)
    assert "lamp: reported.heap_free" in printed and "lamp.svg: 1 points" in printed


@pytest.fixture
def lines():
    """A record with two values, a gap, and a member whose name has a dot."""
    found = []
    for second, state in enumerate([20, 21.5, None, 19, 18]):
        line = {"time": f"2026-11-30T10:00:{second:02}.000+00:00", "thing": "lamp", "shadow": None}
        reported = {"room": {"temp": state, "on": True}, "a.b": second, "text": "x"}
        found.append({**line, "gap": [3, 9]} if state is None else {**line, "state": {"reported": reported}})
    return found


def test_the_numbers_of_a_record_are_found_by_their_paths(lines):
    assert history.values(lines) == ["reported.room.temp", "reported.room.on", "reported.a.b"]
    assert [value for _, value in history.points(lines, "reported.room.temp")] == [20, 21.5, None, 19, 18]
    assert [value for _, value in history.points(lines, "reported.a.b")] == [0, 1, None, 3, 4]
    with pytest.raises(ToolError, match="there is reported.room.temp, reported.room.on"):
        history.points(lines, "reported.room")


def test_a_plot_in_the_terminal_and_as_svg(thing, lines, tmp_path):
    path = thing.folder / "lamp.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    drawn = thing.run("plot", "lamp.jsonl", "reported.room.temp").stdout
    assert "lamp: reported.room.temp" in drawn and "21.5" in drawn and "10:00:0" in drawn and "\x1b" not in drawn
    assert max(map(len, drawn.splitlines())) <= 100, "as wide as the terminal"
    thing.run("plot", "lamp.jsonl", "reported.room.temp", "--svg", "temp.svg")
    picture = (thing.folder / "temp.svg").read_text()
    tree = xml.etree.ElementTree.fromstring(picture)
    circles = [each for each in tree.iter() if each.tag.endswith("circle")]
    assert len(circles) == 4 and " src=" not in picture and "url(" not in picture, "it needs nothing else"
    assert "which one?" in thing.run("plot", "lamp.jsonl", code=1).stderr
    path.write_text("no JSON\n")
    assert "no line that `thing record` has written" in thing.run("plot", "lamp.jsonl", "x", code=1).stderr


def test_one_point_and_a_line_without_a_change_can_be_drawn(lines):
    for some in (lines[:1], [lines[0], {**lines[0], "time": lines[1]["time"]}]):
        points = history.points(some, "reported.room.temp")
        assert "20" in drawing.text(points, "t", 60, 10, False) and b"<svg" in drawing.svg(points, "t")


def test_logs_of_a_thing_come_by_mqtt(thing, lamp):
    """A letter that the end of a message cuts is one letter; what a terminal would obey is made visible."""
    logs = thing.start("logs", "lamp")
    data = lamp.client("iot-data")
    try:
        while logs.poll() is None:  # until it has subscribed
            data.publish(topic="dt/lamp/log", payload=b"begin\n")
            if logs.stdout in _ready(logs):
                break
        assert logs.stdout.readline() == "begin\n", logs.stderr.read()
        for payload in (b"gr\xc3", b"\xbc\xc3\x9fe\x1b[31m\n", b"end\n"):
            data.publish(topic="dt/lamp/log", payload=payload)
        found = ["begin\n"]
        while found[-1] == "begin\n":
            found.append(logs.stdout.readline())
        assert found[-1] == "gr\u00fc\u00dfe\\u001b[31m\n" and logs.stdout.readline() == "end\n"
    finally:
        logs.kill()
        logs.communicate()
    assert "no thing lmap" in thing.run("logs", "lmap", code=1).stderr
    assert "not both" in thing.run("logs", "lamp", "--port", "/dev/ttyUSB0", code=1).stderr


def _ready(process) -> list:
    import select

    return select.select([process.stdout], [], [], 0.5)[0]
