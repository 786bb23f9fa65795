"""README and docs/tools.md, as a new user would follow them: every command in them is run as it stands, in a shell."""

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from .. import harness
from ..harness.board import Board

_PAGES = (harness.ROOT / "README.md", harness.ROOT / "docs" / "tools.md")
_BLOCK = re.compile(r"^```sh ?([^\n]*)\n(.*?)^```", re.M | re.S)
_COMMAND = re.compile(r"^(?:[^\n]*<<'(\w+)'\n.*?^\1$|[^\n]+)", re.M | re.S)
_MARK = "exit code of the block:"


def _blocks() -> list:
    """[(kind, commands)]: "" for the walk-through itself, "second shell", or "fleet" for what stands alone."""
    return [(kind, commands.strip()) for page in _PAGES for kind, commands in _BLOCK.findall(page.read_text())]


class Shell:
    """An interactive user's shell: what one block sets, the next one has."""

    def __init__(self, folder: Path, environment: dict) -> None:
        path = f"{Path(sys.executable).parent}{os.pathsep}{environment.get('PATH', '')}"
        self._process = subprocess.Popen(
            ["sh"], cwd=folder, env={**environment, "PATH": path}, text=True, bufsize=1,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip

    def run(self, commands: str) -> str:
        """Run each line, or here-document; -> what was printed. AssertionError when one fails."""
        printed = ""
        for command in (found.group() for found in _COMMAND.finditer(commands)):
            self._process.stdin.write(f'{command}\necho "{_MARK} $?"\n')
            for line in self._process.stdout:
                if line.startswith(_MARK):
                    assert line.split()[-1] == "0", f"{command}\n{printed}"
                    break
                printed += line
        return printed

    def close(self) -> None:
        self._process.communicate(timeout=60)


@pytest.fixture
def shell(tmp_path):
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("AWS_", "THING_"))}
    environment["HOME"] = str(tmp_path)
    with Board(tmp_path / "flash") as board:
        shell = Shell(tmp_path, {**environment, "THING_PORT": board.port})
        shell.board, shell.folder = board, tmp_path
        path = f"{Path(sys.executable).parent}{os.pathsep}{environment.get('PATH', '')}"
        shell.start = lambda words: subprocess.Popen(
            ["sh", "-c", f"exec {words}"], cwd=tmp_path, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            env={**environment, "PATH": path},
        )  # fmt: skip
        yield shell
        shell._process.stdin.write("thing cloud down\n")
        shell.close()


def _tree(folder) -> dict:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_the_walk_through(shell):
    """new, cloud up, add, flash, the board connects, shadow set, shadow watch shows its report, doctor, cleanup."""
    steps = [(kind, commands) for kind, commands in _blocks() if kind != "fleet"]
    words = [commands.split()[1] for _, commands in steps]
    assert words == ["new", "cloud", "add", "flash", "shadow", "shadow", "doctor", "cleanup"]
    new, cloud, add, flash, watch, change, doctor, cleanup = (commands for _, commands in steps)
    shell.run(new)
    before = _tree(shell.folder / "demo")
    shell.run(cloud)
    assert "demo_0 is the active thing" in shell.run(add)
    assert "  connected False" in shell.run(flash)
    shell.board.expect("puback")

    watching = shell.start(watch)  # in a shell that knows no more than where it is
    _await(watching, "  reported.publish_period: - -> 10000")
    shell.run(change)
    _await(watching, "  desired.publish_period: - -> 1000", "  reported.publish_period: 10000 -> 1000")
    watching.send_signal(signal.SIGINT)
    watching.communicate(timeout=60)
    shell.board.expect("publish period is now 1000 ms")

    assert shell.run(doctor).count("ok ") == 16, "nine stages here, seven on the board"
    last = cleanup.splitlines()
    said = shell.run(last[0])
    assert "1 thing deleted" in said
    assert shell.run(last[1]).endswith("no things\n")
    assert _tree(shell.folder / "demo") == before
    assert shell.run(last[2]) == "stopped; its data is kept\n"


def _await(process, *lines) -> None:
    """Read what the process prints until it has printed these lines, in whatever order."""
    seen = []
    deadline = time.monotonic() + 120
    while not set(lines) <= set(seen):
        assert time.monotonic() < deadline and process.poll() is None, seen
        seen.append(process.stdout.readline().rstrip())


def test_the_other_commands(shell):
    shell.run('thing new demo\nthing cloud up\neval "$(thing cloud env)"')
    for commands in (commands for kind, commands in _blocks() if kind == "fleet"):
        said = shell.run(commands)
        assert "fleet_2 is the active thing" in said or '"deviceMetadata"' in said
    assert shell.run("thing list").endswith("no things\n")


def test_every_command_is_on_the_page():
    from aws_iot_tools.main import COMMANDS

    page = "".join(page.read_text() for page in _PAGES)
    missing = [
        name for name, row in COMMANDS.items()
        if not re.search(rf"thing ({name}|{row[1] or name})\b", page) and f"`{name}`" not in page
    ]  # fmt: skip
    assert [name for name in missing if name != "fota-keygen"] == []
