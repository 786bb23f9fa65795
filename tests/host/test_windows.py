"""The commands where Python is as on Windows (windows.py): by their results, and nobody's process ends."""

import json
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from .test_cloud import cloud  # noqa: F401  the fixture

_PLAYED = Path(__file__).with_name("windows.py")
_PYTHON = [sys.executable, "-X", "warn_default_encoding", "-W", "ignore::EncodingWarning"]  # windows.py takes ours up


class Windows:
    """Runs `thing` as Runner does."""

    def __init__(self, thing) -> None:
        self.folder, self.environment = thing.folder, thing.environment

    def start(self, *words) -> subprocess.Popen:
        return subprocess.Popen(
            [*_PYTHON, _PLAYED, *map(str, words)], cwd=self.folder, env=self.environment,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="cp1252",
        )  # fmt: skip

    def run(self, *words, code=0) -> tuple:
        """(stdout, stderr)"""
        process = self.start(*words)
        out, error = process.communicate(timeout=600)
        assert process.returncode == code, (words, out, error)
        return out, error


@pytest.fixture
def windows(thing):
    return Windows(thing)


def test_from_an_empty_folder_to_a_board_and_back(windows, account, board):
    """new, add, use, flash, shadow, cleanup; what a pipe's code page lacks is written as an escape."""
    windows.run("new", "demo")
    project = windows.folder / "demo"
    windows.run("add", "demo", "-n", "2")
    windows.run("use", "demo", "--thing-id", "1")
    (project / "main.py").write_text("print('ready \u2603')\n", encoding="utf-8")
    said, _ = windows.run("flash", "demo", "--port", board.port)
    assert said.endswith("demo_1 starts:\n  ready \\u2603\n")
    account.client("iot-data").update_thing_shadow(thingName="demo_1", payload='{"state":{"desired":{"x":"\u2603"}}}')
    assert "\\u2603" in windows.run("shadow", "get", "demo_1")[0]
    windows.run("shadow", "set", "demo_1", '{"y":"\U0001f642"}')
    shown = json.loads(windows.run("--json", "shadow", "get", "demo_1")[0])
    assert shown["state"]["desired"] == {"x": "\u2603", "y": "\U0001f642"}
    windows.run("cleanup", "demo", "--yes")
    account.assert_empty()
    assert not list(project.rglob("*.new"))
    said = windows.run("add", "demo", "--things-base-name", "a:b", code=1)[1]
    assert "Windows has no folder of this name" in said
    account.assert_empty()


def test_one_thing_without_a_project(windows, account):
    made = json.loads(windows.run("create", "lamp")[0])
    assert made["name"] == "lamp" and "PRIVATE KEY" in json.dumps(made)
    windows.run("delete", "lamp", "--yes")
    account.assert_empty()
    for words in (("create", "a:b"), ("create", "nul"), ("new", "COM1"), ("new", "demo.")):
        assert "Windows has no folder of this name" in windows.run(*words, code=1)[1]


_HOLD = """
import pathlib, sys
import windows
windows.play()
from aws_iot_tools import journal
with journal.lock(pathlib.Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.readline()
"""


def test_two_commands_do_not_change_one_project_at_once(windows):
    """By a lock of msvcrt's, which is gone with its process; one that waits for it gets it then."""
    windows.run("new", "demo")
    windows.run("add", "demo")
    lock = windows.folder / "demo/.aws_things_resources/.lock"
    command = [sys.executable, "-c", _HOLD, lock]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "cwd": _PLAYED.parent, "text": True}
    with subprocess.Popen(command, **pipes) as holder:
        assert holder.stdout.readline() == "held\n"
        assert "another `thing` command is at work" in windows.run("add", "demo", code=1)[1]
        holder.kill()
    assert "demo_1" in windows.run("add", "demo")[0]


_READ = """
import os, pathlib, sys
import windows
windows.play()
from aws_iot_tools import journal
path = pathlib.Path(sys.argv[1])
reader, there = open(path), os.replace
def replace(*names):
    try:
        there(*names)
    except PermissionError:
        reader.close()
        raise
os.replace = replace
journal.write_json(path, {"a": 2})
print(reader.closed, journal.read_json(path))
"""


def test_a_file_that_another_command_reads_is_replaced_when_it_has_done(tmp_path):
    path = tmp_path / "thing.conf.json"
    path.write_text("{}")
    done = subprocess.run(
        [sys.executable, "-c", _READ, path], cwd=_PLAYED.parent, capture_output=True, text=True, timeout=600
    )
    assert done.stdout == "True {'a': 2}\n", done.stderr


def test_what_needs_a_socket_for_select_is_refused(windows):
    assert "plug in a board, without --here" in windows.run("selftest", "--here", "--offline", "--yes", code=1)[1]


@pytest.mark.local_aws
def test_the_local_aws_is_looked_at_and_not_ended(cloud):  # noqa: F811
    """os.kill(pid, 0) ends a process there: up, env, list in its folder and down do not."""
    windows = Windows(cloud)
    said, _ = windows.run(*cloud.up)
    assert "thing cloud env --shell powershell | Out-String | Invoke-Expression" in said
    noted = json.loads((cloud.folder / ".aws_local/running.json").read_text())
    windows.run("new", "demo")
    windows.run("add", "demo")
    assert windows.run("list", "--names")[0] == "demo_0\n"
    assert windows.run("cloud", "up")[0] == said, "it runs already"
    assert json.loads((cloud.folder / ".aws_local/running.json").read_text()) == noted
    assert windows.run("cloud", "env")[0].startswith("Remove-Item Env:AWS_PROFILE -ErrorAction SilentlyContinue\n")
    assert windows.run("cloud", "down")[0] == "stopped; its data is kept in .aws_local\n"
    windows.run(*cloud.up)
    assert windows.run("list", "--names")[0] == "demo_0\n", "what was answered is kept, also without an end"


_VALUES = {
    "bash": """export X='it'"'"'s a $(test) \\'""",
    "fish": "set -gx X 'it\\'s a $(test) \\\\'",
    "powershell": "$env:X = 'it''s a $(test) \\'",
    "cmd": 'set "X=it\'s a $(test) \\"',
}


@pytest.mark.parametrize("name", _VALUES)
def test_variables_in_the_words_of_each_shell(cloud, name):  # noqa: F811
    from aws_iot_tools.cloud import shells

    shell = shells.SHELLS[name]
    assert shell.export(("X", "it's a $(test) \\")) == _VALUES[name]
    assert "X" in shell.unset(["X"]) and "Y" in shell.unset(["X", "Y"]).splitlines()[1]
    if name == "bash":
        line = shells.use("it's a $(touch ran)")
        said = subprocess.run(
            ["sh", "-c", f"thing() {{ printf '<%s>' \"$@\" >&2; }}; {line}"], cwd=cloud.folder, capture_output=True
        )
        assert said.stderr == b"<cloud><env><it's a $(touch ran)>" and not (cloud.folder / "ran").exists()
        assert shlex.split(shell.export(("X", "it's a $(test) \\"))) == ["export", "X=it's a $(test) \\"]
