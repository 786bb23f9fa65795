"""examples/boot.py beside an example, as examples/README.md says: Wi-Fi and clock first, on a make-believe board."""

import json
import shutil

import pytest

from ..harness import ROOT
from ..harness.board import Board
from ..harness.board_wifi import AccessPoint, firmware

_EXAMPLES = ROOT / "examples"
_PROGRAM = 'import network\nprint("main.py starts, joined:", network.WLAN(0).isconnected())\n'
_WIFI = {"ssid": "workshop", "password": "correct horse"}


@pytest.fixture
def flash(tmp_path):
    """What `thing flash` would put there of a project with the file."""
    folder = tmp_path / "flash"
    folder.mkdir()
    shutil.copy(ROOT / "tools" / "template" / "helpers.py", folder)
    shutil.copy(_EXAMPLES / "boot.py", folder)
    (folder / "wifi.json").write_text(json.dumps(_WIFI))
    (folder / "main.py").write_text(_PROGRAM)
    return folder


def test_the_wifi_is_joined_before_the_program_starts(flash, tmp_path):
    with AccessPoint(flash, 1), Board(flash, firmware(tmp_path / "firmware")) as board:
        board.expect("main.py starts, joined: ")
        assert "Wi-Fi: joined" in board.output and "joined: True" in board.output


def test_without_a_network_the_program_starts_all_the_same(flash, tmp_path):
    boot = flash / "boot.py"
    boot.write_text(boot.read_text().replace("30000", "300"))
    (flash / "wifi.json").write_text(json.dumps({**_WIFI, "password": "wrong"}))
    with AccessPoint(flash, 1), Board(flash, firmware(tmp_path / "firmware")) as board:
        board.expect("main.py starts, joined: False")
        assert "Wi-Fi: joining workshop" in board.output


def test_each_example_that_stays_connected_says_so():
    """Else `thing flash` would follow it in vain."""
    for path in _EXAMPLES.glob("*/main.py"):
        text = path.read_text() + "".join(app.read_text() for app in path.parent.glob("app.py"))
        assert "deepsleep" in text or "print(event" in text, path
