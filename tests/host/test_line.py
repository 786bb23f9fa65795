"""thing flash --line: make-believe boards (tests/harness/line.py) at several ports, each of which becomes a thing."""

import itertools
import json
import re
import signal
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from aws_iot_tools.board import label
from aws_iot_tools.things import boards
from aws_iot_tools.things.project import Project

from ..harness import power
from ..harness.board import WORN
from ..harness.board_tty import Tty
from ..harness.board_wifi import firmware
from ..harness.line import Bench, LineBoard
from ..harness.pages import Reader, blocks

_PARTS = 3
_SMALL = "print('ready')\nimport time\nwhile True:\n    time.sleep_ms(50)\n"  # where AWS is not what is looked at
_WAITS = """
import os
import time
print("waiting")
while "go" not in os.listdir("/"):
    time.sleep_ms(20)
print("ready")
while True:
    time.sleep_ms(50)
"""


@pytest.fixture
def bench(tmp_path):
    with Bench(tmp_path / "ports", 3) as found:
        yield found


@pytest.fixture
def things(thing, project):
    """things(n): the project with so many things, and none of them active."""

    def make(number: int):
        thing.run("add", "demo", "-n", number)
        return project

    return make


def _line(thing, bench, *words):
    return thing.start("--json", "flash", "demo", "--line", bench, *words)


def _boards(folder, numbers, **options) -> list:
    return [LineBoard(folder, number, library=True, **options) for number in numbers]


def _await(condition, process=None):
    deadline = time.monotonic() + 300
    while not (found := condition()):
        assert time.monotonic() < deadline and (process is None or process.poll() is None)
        time.sleep(0.005)
    return found


def _noted(project) -> dict:
    """{thing: its board} as written down."""
    found = Project.open(project)
    return {name: found.record(name).get("board") for name in found.things()}


def _assert_each_has_its_own(project, made) -> None:
    """Each board has a thing of its own: as written down, by name, certificate and key; each thing one board."""
    noted = {name: board["chip"] for name, board in _noted(project).items() if board}
    assert {board.thing: board.chip for board in made} == noted
    for board in made:
        kept = project / ".aws_things_resources" / board.thing
        for name in ("certificate.pem.crt", "private.pem.key"):
            assert (board.flash / name).read_bytes() == (kept / name).read_bytes()
        config = json.loads((board.flash / "thing.conf.json").read_text())
        assert config["mqttid"] == board.thing and config["endpoint"]


def test_board_after_board_at_three_ports(thing, things, bench, tmp_path, account):
    """Six things: among the boards one that is brought twice, one whose flash is worn, one that finds no Wi-Fi."""
    project = things(6)
    before = (project / "thing.conf.json").read_bytes()
    good = _boards(tmp_path, range(6))
    (worn,) = _boards(tmp_path, [7])
    (worn.flash / "boot.py").write_text(WORN)
    (alone,) = _boards(tmp_path, [8], wifi=firmware(tmp_path / "wifi"))
    line = _line(thing, tmp_path / "ports", "--labels", "labels", "--wait", 10)
    told = bench.produce(line, [worn, alone], lambda told: len(told) == 2)
    told += bench.produce(line, [*good[:5], good[0], good[5]])
    said = line.stderr.read()
    assert line.wait() == 1 and "6 boards done, 2 failed" in said, said
    found = {(each["chip"], each["state"]) for each in told}
    done = {(board.chip, "done") for board in good}
    assert found == done | {(good[0].chip, "known"), (worn.chip, "failed"), (alone.chip, "failed")}
    reasons = {each["chip"]: each for each in told if each["state"] == "failed"}
    assert "/helpers.py did not arrive whole" in reasons[worn.chip]["reason"] and not reasons[worn.chip]["thing"]
    assert "wifi.json names no network" in reasons[alone.chip]["reason"]
    assert reasons[alone.chip]["fate"] == f"{reasons[alone.chip]['thing']} is free again"
    assert not [path for path in alone.flash.iterdir() if path.suffix in (".key", ".crt") or "conf" in path.name]
    _assert_each_has_its_own(project, good)
    for name, board in _noted(project).items():
        assert board["ready"] and board["micropython"] and board["library"] and board["flashed"].endswith("Z")
        assert sorted(path.name for path in (thing.folder / "labels").glob(f"{name}.*")) == [
            f"{name}.svg",
            f"{name}.txt",
        ]
    assert (project / "thing.conf.json").read_bytes() == before, "the active thing stays as it is"


def test_the_page(thing, project, bench, tmp_path):
    """docs/production.md, where a board is plugged in at each port."""
    (project / "main.py").write_text(_SMALL)
    made = _boards(tmp_path, range(3))
    for place, board in zip(bench.places, made, strict=True):
        place.plug(board)
    (thing.folder / "ports").symlink_to(tmp_path / "ports")
    (block,) = blocks("docs/production.md", "sh line")
    said = Reader(thing.folder, thing.environment).run(block.text)
    assert said.endswith("3 boards done\n")
    assert {board.thing for board in made} == {"lamp_0", "lamp_1", "lamp_2"}
    _assert_each_has_its_own(project, made)


def test_what_cannot_be_a_line_is_refused(thing, project, tmp_path):
    assert "no things yet: `thing add" in thing.run("flash", "demo", "--line", "/dev/ttyUSB*", code=1).stderr
    thing.run("add", "demo", "-n", 2)
    said = thing.run("flash", "demo", "--line", project / "main.py", code=1).stderr
    assert "main.py is a file, and no port" in said
    assert "leave out --no-wait" in thing.run("flash", "demo", "--line", "p", "--no-wait", code=2).stderr
    assert "--labels is for a --line" in thing.run("flash", "demo", "--labels", "x", code=2).stderr
    assert "unexpected extra argument (b)" in thing.run("flash", "demo", "b", code=2).stderr
    (project / ".aws_things_resources/demo_1/private.pem.key").write_bytes(
        (project / ".aws_things_resources/demo_0/private.pem.key").read_bytes()
    )
    said = thing.run("flash", "demo", "--line", "/dev/ttyUSB*", code=1).stderr
    assert "demo_1: " in said and "does not belong to the certificate" in said


def test_ports_are_found_by_name_pattern_and_folder(tmp_path, board):
    from aws_iot_tools.board import line

    folder = tmp_path / "ports"
    folder.mkdir()
    (folder / "notes.txt").write_text("no port")
    with Tty(board, folder / "port7") as tty:
        assert [*line.present([tty.port])] == [*line.present([f"{folder}/port*"])] == [*line.present([str(folder)])]
        (folder / "also7").symlink_to(folder / "port7")
        assert len(line.present([str(folder)])) == 1, "one port by two names"
        first = line.present([tty.port])
        tty.unplug()
        assert line.present([str(folder), tty.port, f"{folder}/none*"]) == {}
        tty.plug()
        assert line.present([tty.port]).keys() == first.keys() and line.present([tty.port]) != first


@pytest.fixture
def waiting(things):
    """Two things, and a program that is ready once there is a file `go` on its board."""
    project = things(2)
    (project / "main.py").write_text(_WAITS)
    return project


def _cut(how, process, place, bench):
    """End the work on a board in the middle."""
    if how == "unplugged":
        place.unplug()
        told = json.loads(process.stdout.readline())
        assert told["state"] == "failed" and "demo_0 stays with this board" in told["fate"]
        process.kill()
    elif how == "killed":
        process.kill()
        place.unplug()
    else:
        process.send_signal(signal.SIGINT)
        _await(lambda: "finishing" in process.stderr.readline())
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 130
        place.unplug()
    process.communicate()


@pytest.mark.parametrize(
    "how", ["killed", *(pytest.param(how, marks=pytest.mark.power) for how in ("unplugged", "stopped"))]
)
def test_a_board_that_was_cut_off_gets_its_own_thing(thing, waiting, bench, tmp_path, how):
    """Its key may be on it, so that no other board gets that thing meanwhile."""
    first, second = _boards(tmp_path, range(2))
    place = bench.places[0]
    place.plug(first)
    process = _line(thing, tmp_path / "ports")
    _await(lambda: first.thing, process)
    assert _noted(waiting) == {"demo_0": {"chip": first.chip}, "demo_1": None}
    _cut(how, process, place, bench)
    for board in (first, second):
        (board.flash / "go").touch()
    process = _line(thing, tmp_path / "ports")
    told = bench.produce(process, [second, first])
    assert process.wait() == 0 and {(each["thing"], each["chip"]) for each in told} == {
        ("demo_0", first.chip), ("demo_1", second.chip)
    }  # fmt: skip
    _assert_each_has_its_own(waiting, [first, second])


def test_ctrl_c_finishes_the_boards_at_work(thing, waiting, bench, tmp_path):
    (board,) = _boards(tmp_path, range(1))
    bench.places[0].plug(board)
    process = _line(thing, tmp_path / "ports")
    _await(lambda: board.thing, process)
    said = thing.run("flash", "demo", "--port", bench.places[0].port, code=1).stderr
    assert "does no other program" in said, "a second command at the port does not disturb the first"
    process.send_signal(signal.SIGINT)
    _await(lambda: "finishing" in process.stderr.readline())
    (board.flash / "go").touch()
    said = process.communicate()[1]
    assert process.returncode == 130 and "stopped: 1 board done; the same command goes on from there" in said
    assert _noted(waiting)["demo_0"]["ready"] and not _noted(waiting)["demo_1"]


def test_a_board_whose_power_fails_goes_on(thing, waiting, bench, tmp_path):
    (board,) = _boards(tmp_path, range(1))
    bench.places[0].plug(board)
    process = _line(thing, tmp_path / "ports")
    bench.places[0].board.expect("waiting")
    bench.places[0].board.switch()
    (board.flash / "go").touch()
    assert json.loads(process.stdout.readline())["state"] == "done"
    process.send_signal(signal.SIGINT)
    process.communicate()


@pytest.mark.parametrize("part", power.parts(_PARTS))
def test_killed_at_each_step_of_a_board(thing, things, bench, tmp_path, part):
    """kill -9 of the command: the next one goes on with the same board, and the same thing."""
    project = things(1)
    (project / "main.py").write_text(_SMALL)
    number = 0
    for step in itertools.count(1 + part, _PARTS):
        (board,) = _boards(tmp_path / f"{step}", [step])
        bench.places[0].plug(board)
        done = thing.fork(["flash", "demo", "--line", str(tmp_path / "ports")], step)
        if done["code"] == -9:
            number += 1
            again = thing.run("flash", "demo", "--line", tmp_path / "ports", ok=False)
            # the last step is after the board was done: then there is no thing for another
            assert again.returncode == 0 or "each of the project's 1 things has its board" in again.stderr
        bench.places[0].unplug()
        _assert_each_has_its_own(project, [board])
        if done["code"] != -9:
            break
        boards.release(Project.open(project), "demo_0")
    assert number > 0


def test_two_lines_at_once_give_no_thing_twice(thing, things, tmp_path):
    project = things(4)
    (project / "main.py").write_text(_SMALL)
    made = _boards(tmp_path, range(4))
    with Bench(tmp_path / "left", 2) as left, Bench(tmp_path / "right", 2) as right:
        lines = [_line(thing, tmp_path / name) for name in ("left", "right")]
        with ThreadPoolExecutor() as pool:
            told = pool.map(Bench.produce, (left, right), lines, (made[:2], made[2:]))
            assert [each["state"] for one in told for each in one] == ["done"] * 4
        assert [line.wait() for line in lines] == [0, 0]
        for line in lines:
            line.communicate()
    _assert_each_has_its_own(project, made)


def test_a_board_of_before_is_no_new_one(thing, waiting, board, tmp_path):
    """A thing that `thing flash` put on a board is no other board's; on another board, it has left the first."""
    one, other = _boards(tmp_path, range(2))
    project = Project.open(waiting)
    for made in (one, other):
        with made.switched_on() as running:
            thing.run("flash", "demo", "--port", running.port, "--no-wait", "--lines", 0)
    assert boards.holder(project, other.chip).name == "demo_0" and not boards.holder(project, one.chip)
    assert boards.free(project) == ["demo_1"]
    thing.run("use", "demo", "--thing", "demo_1")
    with other.switched_on() as running:
        thing.run("flash", "demo", "--port", running.port, "--no-wait", "--lines", 0)
    assert boards.holder(project, other.chip).name == "demo_1" and boards.free(project) == ["demo_0"]


@pytest.mark.power
@pytest.mark.timeout(6000)
def test_thirty_boards_at_six_ports(thing, things, tmp_path):
    """With the library to be written, AWS to be connected to, and the command killed twice on the way."""
    project = things(30)
    made = [LineBoard(tmp_path, number) for number in range(30)]
    queue = list(made)
    with Bench(tmp_path / "ports", 6) as bench:
        for end in (8, 20, None):
            process = _line(thing, tmp_path / "ports", "--labels", "labels")
            told = bench.produce(process, queue, lambda told, end=end: len(told) == end)
            if end:
                process.kill()
            process.communicate()
            done = {each["chip"] for each in told if each["state"] in ("done", "known")}
            queue = [board for board in queue if board.chip not in done]
            for place in bench.places:
                place.unplug()
    assert not queue and process.returncode == 0
    _assert_each_has_its_own(project, made)


def _dark(lines) -> set:
    """The dark modules, as (column, row), of a code in half blocks."""
    halves = {"\u2580": (0,), "\u2584": (1,), "\u2588": (0, 1), " ": ()}
    return {
        (column, 2 * row + half)
        for row, line in enumerate(lines)
        for column, letter in enumerate(line)
        for half in halves[letter]
    }


def _drawn(svg) -> set:
    """The same of the picture: strokes as wide as a module, "M4 4.5h7m1 0h1" with a horizontal line for each run."""
    (path,) = re.findall(r'class="qrline"[^>]* d="([^"]*)"', svg)
    x, y, found = 0.0, 0.0, set()
    for move, right, down, run in re.findall(r"([Mm])(-?[\d.]+) (-?[\d.]+)|h(\d+)", path):
        if run:
            found |= {(int(x) + each, int(y)) for each in range(int(run))}
            x += int(run)
        else:
            x, y = (float(right), float(down)) if move == "M" else (x + float(right), y + float(down))
    return found


def _decoded(dark) -> str:
    side, scale = max(max(dark)) + 5, 4
    pixels = b"".join(
        b"".join(b"\0\xff"[(column, row) not in dark].to_bytes(1, "big") * scale for column in range(side)) * scale
        for row in range(side)
    )
    import deqr  # the only test that needs it, where it has a wheel

    (found,) = deqr.QuircDecoder().decode((pixels, (side * scale, side * scale)))
    return "".join(entry.data for entry in found.data_entries)


def test_a_label_can_be_read(tmp_path):
    """By a decoder that is not of those who made the code."""
    for name in ("demo_0", "a:b-c_" + "x" * 100):
        svg, text = label.write(tmp_path / "labels", name)
        rows = text.read_text().splitlines()
        assert rows[-1].strip() == name and f">{name}</text>" in svg.read_text()
        assert _decoded(_dark(rows[:-1])) == name
        assert _dark(rows[:-1]) == _drawn(svg.read_text())
