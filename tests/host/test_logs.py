"""thing logs and thing repl, on a make-believe board at a device file of its own (tests/harness/board_tty.py)."""

import errno
import json
import os
import pty
import re
import select
import signal
import subprocess
import time
from pathlib import Path

import pytest

from ..harness import HANG_S
from ..harness.board_tty import Tty
from .conftest import _THING
from .reading import Reading

_PROGRAM = """
import time
print("begin \\x1b[31mred")
n = 0
while True:
    print("line", n)
    n += 1
    time.sleep_ms(50)
"""


@pytest.fixture
def plugged(board, tmp_path):
    """The tty of a board whose program has begun."""
    (board.flash / "main.py").write_text(_PROGRAM)
    board.switch()
    with Tty(board, tmp_path / "ttyBOARD") as line:
        yield line


class Logs(Reading):
    """What `thing logs` prints."""

    def __init__(self, thing, *words) -> None:
        super().__init__(thing.start(*words))

    def ttys(self) -> int:
        """How many the command holds open."""
        files = Path(f"/proc/{self.process.pid}/fd").iterdir()
        return sum(os.readlink(file).startswith("/dev/pts/") for file in files)

    def stop(self) -> str:
        """Ctrl-C; -> what it said beside its output."""
        self.process.send_signal(signal.SIGINT)
        rest, said = self.process.communicate(timeout=HANG_S)
        self.text += rest
        assert self.process.returncode == 130
        return said


def test_logs_follow_a_board_through_its_plug_and_its_resets(thing, board, plugged):
    """The program is not stopped, nothing is lost of what it prints while it is plugged in; Ctrl-C ends with 130."""
    starts = board.starts
    reading = Logs(thing, "logs", "--port", plugged.port)
    first = int(reading.expect(r"line (\d+)\n")[1])
    reading.expect(rf"line {first + 3}\n")
    plugged.unplug()
    time.sleep(0.5)
    plugged.plug()
    reading.expect(rf"line {first + 3}\n(.*\n)*line (\d+)\n(.*\n)*line (\d+)\n")
    deadline = time.monotonic() + HANG_S
    while reading.ttys() != 1:  # what was printed before it was unplugged may come as late as this
        assert time.monotonic() < deadline, "one that stays open would keep its name from the board that comes back"
        time.sleep(0.1)
    board.switch()
    reading.text = ""
    reading.expect(r"begin \\u001b\[31mred\n")
    reading.expect(r"line 3\n")
    said = reading.stop()
    assert "the board is gone; waiting for it" in said and said.count("following the board at") == 2
    assert "\x1b" not in reading.text
    assert board.starts == starts + 1, "and that was the switch"


def test_each_line_has_its_time_when_that_is_wanted(thing, plugged):
    reading = Logs(thing, "logs", "--port", plugged.port, "-t")
    reading.expect(r"\n\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3} line (\d+)\n")
    reading.stop()
    reading = Logs(thing, "--json", "logs", "--port", plugged.port)
    reading.expect(r"\n.*\n")
    reading.stop()
    documents = [json.loads(line) for line in reading.text.splitlines()[1:]]
    assert all(re.fullmatch(r"line \d+", document["line"]) and document["time"] for document in documents)


def test_the_port_of_the_environment_is_told(thing, plugged):
    thing.environment["THING_PORT"] = plugged.port
    reading = Logs(thing, "logs")
    reading.expect(r"line \d+\n")
    reading.stop()
    assert f"the port {plugged.port} is from THING_PORT\n" in reading.text


class Gone:
    """pyserial's port of a USB adapter that was pulled out, as Linux answers: ioctl() fails with EIO."""

    closed = False

    def __setattr__(self, name, value):
        if name in ("rts", "dtr"):
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        super().__setattr__(name, value)

    def close(self) -> None:
        self.closed = True


def test_the_port_of_a_board_that_is_gone_is_closed():
    from aws_iot_tools.board import ports
    from mpremote.transport_serial import SerialTransport

    line = SerialTransport.__new__(SerialTransport)
    line.serial = Gone()
    ports.close(line)
    assert line.serial.closed


@pytest.mark.parametrize("command", ["logs", "repl"])
def test_no_board_there(thing, command):
    said = _at_a_terminal(thing, command, "--port", "/dev/ttyNONE").read_to_the_end()
    assert "no board at /dev/ttyNONE: is it plugged in" in said[0] and said[1] == 1


class Terminal:
    """A command at a terminal of its own."""

    def __init__(self, thing, words) -> None:
        self._ours, theirs = pty.openpty()
        self._process = subprocess.Popen(
            [_THING, *words], cwd=thing.folder, env=thing.environment, stdin=theirs, stdout=theirs, stderr=theirs
        )
        os.close(theirs)
        self.text = ""

    def read(self) -> bool:
        assert select.select([self._ours], [], [], HANG_S)[0], self.text
        try:
            self.text += os.read(self._ours, 4096).decode(errors="replace")
            return True
        except OSError:  # the command has ended
            return False

    def expect(self, text: str, key: str = "") -> None:
        """Read until the output has this; the key is typed each second meanwhile: the terminal may not be raw yet."""
        due = time.monotonic()
        while text not in self.text:
            if key and time.monotonic() >= due:
                self.type(key)
                due += 1
            assert self.read(), self.text

    def type(self, text: str) -> None:
        os.write(self._ours, text.encode())

    def read_to_the_end(self) -> tuple:
        while self.read():
            pass
        os.close(self._ours)
        return self.text, self._process.wait(HANG_S)


def _at_a_terminal(thing, *words) -> Terminal:
    return Terminal(thing, words)


def test_repl_is_the_prompt_of_the_projects_board(thing, plugged):
    thing.environment["THING_PORT"] = plugged.port
    terminal = _at_a_terminal(thing, "repl")
    terminal.expect("Use Ctrl-] or Ctrl-x to exit this shell")
    terminal.expect(">>> ", "\x03")  # which stops the program
    terminal.type("print(6 * 7)\r")
    terminal.expect("42")
    terminal.type("\x1d")
    assert terminal.read_to_the_end()[1] == 0
    assert "is for a terminal: `thing logs` follows" in thing.run("repl", code=1).stderr
