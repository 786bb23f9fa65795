"""thing ztc: the original toolchain's script as it stands on docs/production.md, board after board at one port."""

import functools
import threading
import time

import pytest
from aws_iot_tools.things.project import Project

from ..harness.line import Bench, LineBoard
from ..harness.pages import Reader, blocks

_NUMBER = "things_number=3"


@pytest.fixture
def bench(tmp_path):
    with Bench(tmp_path / "ports", 1) as found:
        yield found


def _run(thing, project, bench, script, made):
    """The script, and somebody who exchanges the board when the active thing has it."""
    place, over = bench.places[0], threading.Event()
    thing.environment["THING_PORT"] = place.port

    def exchange():
        for number, board in enumerate(made):
            place.plug(board)
            while not over.is_set() and not _ready(project, f"production_thing_{number}"):
                time.sleep(0.05)
            place.unplug()

    operator = threading.Thread(target=exchange)
    operator.start()
    try:
        return Reader(thing.folder, thing.environment).run(script, timeout_s=600 + 120 * len(made))
    finally:
        over.set()
        operator.join()


def _ready(project, name) -> bool:
    return bool((Project(project).record(name).get("board") or {}).get("ready"))


def _script() -> str:
    (block,) = blocks("docs/production.md", "sh script")
    return block.text


# https://docs.zerynth.com (its page on Amazon Web Services, "A note on mass programming")
_ORIGINAL = """#!/usr/bin/sh

things_number=1000
ztc=/ztc_path/ztc

$ztc aws add-things project_path --things-number $things_number --thing-base-name production_thing
for thing_id in $(seq 0 $(expr $things_number - 1)); do
    $ztc aws set-active-thing project_path --thing-id $thing_id
    $ztc compile project_path target_device
    $ztc uplink target_device project_path/main.vbo
done
"""


def test_the_script_is_the_original_one():
    changes = (("project_path", "demo"), ("/ztc_path/ztc", '"thing ztc"'), ("things_number=1000", _NUMBER))
    assert _script() == functools.reduce(lambda text, change: text.replace(*change), changes, _ORIGINAL)


@pytest.mark.parametrize("number", [3, pytest.param(30, marks=[pytest.mark.power, pytest.mark.timeout(6000)])])
def test_the_script_runs(thing, project, bench, tmp_path, number):
    """Run again it goes on, here over things that all have their boards."""
    (project / "main.py").write_text("print('ready')\nimport time\nwhile True:\n    time.sleep_ms(50)\n")
    made = [LineBoard(tmp_path, each, library=number < 30) for each in range(number)]
    script = _script().replace(_NUMBER, f"things_number={number}")
    said = _run(thing, project, bench, script, made)
    assert said.count(" files compile\n") == number and f"{number} created" in said
    assert [board.thing for board in made] == [f"production_thing_{each}" for each in range(number)]
    for board in made:
        kept = project / ".aws_things_resources" / board.thing
        assert (board.flash / "private.pem.key").read_bytes() == (kept / "private.pem.key").read_bytes()
        assert Project(project).record(board.thing).get("board")["chip"] == board.chip


def test_uplink_waits_for_a_board_that_is_no_thing_yet(thing, project, bench, tmp_path):
    (project / "main.py").write_text("print('ready')\nimport time\nwhile True:\n    time.sleep_ms(50)\n")
    thing.run("add", "demo", "-n", 2)
    place, (one, other) = bench.places[0], [LineBoard(tmp_path, each, library=True) for each in range(2)]
    thing.environment["THING_PORT"] = place.port
    place.plug(one)
    words = ["ztc", "uplink", "target_device", "demo/main.vbo"]
    assert "demo_0 starts" in thing.run(*words).stdout
    assert "demo_0 starts" in thing.run(*words).stdout, "its own board is flashed again"
    thing.run("use", "demo", "--thing", "demo_1")
    assert "no board came for demo_1 within 0 s: the board at" in thing.run(*words, "--wait", 0, code=1).stderr
    deadline = time.monotonic() + 60
    while place.board.output.count("ready\n") < 3:
        assert time.monotonic() < deadline, "it does not go on running as what it is"
        time.sleep(0.02)
    assert one.thing == "demo_0"
    waiting = thing.start(*words)
    assert f"the board at {place.port} is demo_0; waiting for a board" in waiting.stdout.readline()
    place.unplug()
    place.plug(other)
    said, error = waiting.communicate(timeout=180)
    assert waiting.returncode == 0 and "demo_1 starts" in said, said + error
    thing.run("use", "demo", "--thing", "demo_0")
    assert "demo_0 has its board already" in thing.run(*words).stdout
    assert (one.thing, other.thing) == ("demo_0", "demo_1")


def test_what_does_not_compile_is_named(thing, project):
    thing.run("add", "demo")
    (project / "lib2").mkdir()
    (project / "lib2/mine.py").write_text("x = 1\nif x\n    pass\n")
    said = thing.run("ztc", "compile", "demo", "target_device", code=1).stderr
    assert "mine.py" in said and "line 2" in said and "SyntaxError" in said
