"""README and docs/tools.md, as a new user would follow them: each block as it stands, in a shell of its own."""

import json
import os
import re
import signal
import time

import pytest

from ..harness import ROOT
from ..harness.pages import Reader, blocks
from .reading import Reading

_PAGES = ("README.md", *(f"docs/{name}.md" for name in ("console", "cost", "health", "policies", "tools")))


@pytest.fixture
def shell(tmp_path):
    """A reader's shells, in an empty folder."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("AWS_", "THING_"))}
    environment["HOME"] = str(tmp_path)
    reader = Reader(tmp_path, environment)
    reader.folder = tmp_path
    yield reader
    reader.run("thing cloud down")


def _tree(folder) -> dict:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.local_aws
def test_the_walk_through(shell):
    """new, cloud up, board, add, flash, which finds it, shadow set, shadow watch shows its report, doctor, cleanup."""
    steps = [block.text.strip() for block in blocks("README.md") if block.kind in ("sh", "sh second shell")]
    assert [commands.split()[1] for commands in steps] == [
        "new", "cloud", "board", "add", "shadow", "shadow", "doctor", "cleanup"
    ]  # fmt: skip
    new, cloud, play, flash, watch, change, doctor, cleanup = steps
    shell.run(new)
    before = _tree(shell.folder / "demo")
    shell.run(cloud)
    with Reading(shell.start(play)) as board:
        board.expect("Ctrl-C ends it")
        said = shell.run(flash)
        assert "demo_0 is the active thing" in said and "that `thing board` plays" in said
        assert "  connected False" in said
        board.expect("puback")

        watching = shell.start(watch)  # in a shell that knows no more than where it is
        _await(watching, "  reported.publish_period: 10000")
        shell.run(change)
        _await(watching, "  desired.publish_period: - -> 1000", "  reported.publish_period: 10000 -> 1000")
        watching.send_signal(signal.SIGINT)
        watching.communicate(timeout=60)
        board.expect("publish period is now 1000 ms")
        assert shell.run(doctor).count("ok ") == 9, "the stages here; those of the board are for --port"
    said = shell.run(cleanup)
    assert "1 thing deleted" in said
    assert said.endswith("no things\nstopped; its data is kept in .aws_local\n")
    assert _tree(shell.folder / "demo") == before


def _await(process, *lines) -> None:
    """Read what the process prints until it has printed these lines, in whatever order."""
    seen = []
    deadline = time.monotonic() + 120
    while not set(lines) <= set(seen):
        assert time.monotonic() < deadline and process.poll() is None, seen
        seen.append(process.stdout.readline().rstrip())


@pytest.mark.local_aws
def test_the_other_commands(shell):
    """What docs/tools.md says to have before them: the README's project, and its local AWS."""
    shell.run("thing new demo\nthing cloud up")
    for block in blocks("docs/tools.md", "sh fleet"):
        said = shell.run(block.text)
        assert "fleet_2 is the active thing" in said or '"deviceMetadata"' in said
    assert shell.run("thing list").endswith("no things\n")


# The shadow that the page of an example has the cloud write.
_EXAMPLES = {
    "examples/battery_node/README.md": {},
    "examples/bme280/README.md": {},
    "examples/button_led/README.md": {},
    "examples/named_shadow/README.md": {"shadowName": "config"},
    "examples/oled_status/README.md": {},
    "examples/publish_period/README.md": {},
    "examples/relay_watchdog/README.md": {},
}


def test_what_examples_have_the_cloud_say(thing, account):
    thing.run("new", "demo")
    thing.run("add", "demo")
    shadows = account.client("iot-data")
    for page, of in _EXAMPLES.items():
        (block,) = blocks(page, "sh")
        Reader(thing.folder, thing.environment).run(block.text)
        shadow = shadows.get_thing_shadow(thingName="demo_0", **of)["payload"].read()
        wanted = json.loads(re.search(r"'({.*})'", block.text).group(1))
        assert wanted.items() <= json.loads(shadow)["state"]["desired"].items(), page


def test_every_command_is_on_the_page():
    from aws_iot_tools.main import COMMANDS

    page = "".join((ROOT / page).read_text() for page in _PAGES)
    missing = [
        name for name, row in COMMANDS.items()
        if not re.search(rf"thing ({name}|{row[1] or name})\b", page) and f"`{name}`" not in page
    ]  # fmt: skip
    assert [name for name in missing if name != "fota-keygen"] == []
