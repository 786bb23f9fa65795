"""The make-believe board itself, by the real mpremote command: what flash and doctor are tested against."""

import subprocess
import sys
import time
from pathlib import Path

import pytest

from ..harness.board import Board

_MPREMOTE = Path(sys.executable).with_name("mpremote")


def _mpremote(board, *words) -> subprocess.CompletedProcess:
    return subprocess.run(
        [_MPREMOTE, "connect", board.port, *map(str, words)], capture_output=True, text=True, timeout=180
    )


def test_runs_code_in_an_esp32s_heap(board):
    assert _mpremote(board, "eval", "1+1").stdout == "2\n"
    failed = _mpremote(board, "exec", "1/0")
    assert failed.returncode == 1 and "ZeroDivisionError" in failed.stderr + failed.stdout
    free = int(_mpremote(board, "exec", "import gc; gc.collect(); print(gc.mem_free())").stdout)
    assert 100_000 < free < 131_072
    assert _mpremote(board, "eval", "__import__('sys').maxsize").stdout == "2147483647\n"


def test_keeps_files_in_its_flash(board, tmp_path):
    source = tmp_path / "a.py"
    source.write_text("x = 1\n" * 300)
    _mpremote(board, "fs", "mkdir", "lib")
    _mpremote(board, "fs", "cp", source, ":lib/a.py")
    assert (board.flash / "lib/a.py").read_text() == source.read_text()
    assert "Up to date" in _mpremote(board, "fs", "cp", source, ":lib/a.py").stdout
    assert _mpremote(board, "exec", "import a; print(a.x)").stdout == "1\n"
    assert _mpremote(board, "exec", "import os; os.rename('/lib/a.py', '/lib/b.py')").returncode == 0
    assert [path.name for path in (board.flash / "lib").iterdir()] == ["b.py"]
    assert _mpremote(board, "exec", "print(open('/etc/passwd').read())").returncode == 1, "jailed"


def test_runs_its_program_when_switched_on(board):
    board.expect(">>> ")  # it has started without one
    (board.flash / "boot.py").write_text("print('boot')\n")
    (board.flash / "main.py").write_text("import time\nprint('main')\nwhile True:\n    time.sleep_ms(20)\n")
    board.switch()
    board.expect("boot\nmain\n")
    assert _mpremote(board, "resume", "exec", "y = 5").returncode == 0, "a running program is interrupted"
    assert _mpremote(board, "resume", "eval", "y").stdout == "5\n"
    assert "NameError" in "".join(_outputs(_mpremote(board, "eval", "y"))), "a soft reset forgets"
    assert board.output.count("main\n") == 1, "and in the raw REPL runs no main.py"


def _outputs(done):
    return done.stdout, done.stderr


def test_a_crash_is_not_hidden(board):
    board.expect(">>> ")  # its first start is not to find this main.py
    (board.flash / "main.py").write_text("import uctypes\nuctypes.bytearray_at(0, 8)[0] = 1\n")
    board.switch()
    starts = board.starts
    assert _mpremote(board, "eval", "1").returncode == 1
    assert board.starts == starts


@pytest.mark.parametrize("after_ms", range(0, 40, 8))
def test_ctrl_c_at_any_moment_of_a_start(tmp_path, after_ms):
    """On the stand-in Ctrl-C is a signal, which must not end an interpreter that has not come up yet."""
    from aws_iot_tools.board.board import Board as Line

    with Board(tmp_path / "flash") as board:
        time.sleep(after_ms / 1000)
        board._type(b"\x03")
        with Line(board.port) as line:
            assert line.run("print(1)") == "1"
