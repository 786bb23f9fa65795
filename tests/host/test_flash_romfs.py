"""thing flash --romfs, against the make-believe board with a ROMFS (tools/board/played/device/rom.py)."""

import contextlib
import io
import subprocess
import sys
import time
from pathlib import Path

import pytest
from aws_iot_tools.board import flash, romfs
from aws_iot_tools.board.board import Board as Line
from aws_iot_tools.errors import ToolError

from ..harness.board import Board

_MPREMOTE = Path(sys.executable).with_name("mpremote")
_TELL = """
import sys
import aws_iot
from aws_iot import Thing
from umqtt import simple
print(aws_iot.__file__, simple.__file__)
"""
_IN_ROM = ["/rom/lib/aws_iot/__init__.mpy /rom/lib/umqtt/simple.mpy"]


@pytest.fixture
def plugged(tmp_path):
    """plugged(kind, **options): a board with a ROMFS, switched on."""
    with contextlib.ExitStack() as boards:

        def plug(kind="memory", **options):
            options.setdefault("heap", "512k" if kind == "device" else "128k")  # a device is in the heap itself, here
            return boards.enter_context(Board(tmp_path / "flash", rom=kind, **options))

        yield plug


@pytest.fixture
def ready(thing, project):
    """A project with an active thing, whose program tells where its imports come from."""
    thing.run("add", "demo")
    (project / "main.py").write_text(_TELL)
    return project


def _into_romfs(board) -> flash.Result:
    with Line(board.port) as line:
        return flash.into_romfs(line, line.info(), _silent)


@contextlib.contextmanager
def _silent(total):
    yield lambda: None


def _put(board, path: str, text: str = "") -> None:
    (board.flash / path).parent.mkdir(parents=True, exist_ok=True)
    (board.flash / path).write_text(text)


def _told(board, code: str = _TELL) -> list:
    with Line(board.port) as line:
        return line.run(code).splitlines()


@pytest.mark.parametrize("kind", ["memory", "memory whole", "device"])
def test_the_library_goes_into_romfs_and_out_of_lib(thing, ready, plugged, kind):
    board = plugged(kind)
    thing.run("flash", "demo", "--port", board.port, "--no-wait")
    assert (board.flash / "lib/aws_iot/thing.mpy").exists()
    first = thing.json("flash", "demo", "--port", board.port, "--no-wait", "--romfs")
    assert first["printed"][:1] == _IN_ROM
    assert {"/rom/lib/aws_iot/mqtt/__init__.mpy", "/rom/lib/umqtt/simple.mpy"} <= set(first["written"])
    assert {"/lib/aws_iot/thing.mpy", "/lib/umqtt/simple.mpy"} <= set(first["removed"])
    assert not (board.flash / "lib").exists(), "MicroPython takes an empty folder for a package"
    assert (board.flash / "thing.conf.json").exists() and "/main.py" not in first["written"]
    again = thing.json("flash", "demo", "--port", board.port, "--no-wait", "--romfs")
    assert (again["written"], again["removed"], again["printed"][:1]) == ([], [], _IN_ROM)


def test_the_image_is_mpremotes(plugged, tmp_path):
    """As its own command builds it from a folder, and finds it on the board."""
    from mpremote.romfs import make_romfs

    files = {path.removeprefix("/rom/"): data for path, data in flash.library("/rom/lib", True).items()}
    for name, data in files.items():
        path = tmp_path / "rom" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    with contextlib.redirect_stdout(io.StringIO()):
        assert romfs.image(files) == make_romfs(str(tmp_path / "rom"), mpy_cross=False)
    board = plugged()
    _into_romfs(board)
    found = subprocess.run([_MPREMOTE, "connect", board.port, "romfs", "query"], capture_output=True, text=True)
    assert "ROMFS image size: " in found.stdout and "Not a valid" not in found.stdout, found.stdout + found.stderr


def test_a_board_without_romfs_is_told_which_firmware_has_one(thing, ready, tmp_path):
    with Board(tmp_path / "flash") as board:
        said = thing.run("flash", "demo", "--port", board.port, "--no-wait", "--romfs", code=1).stderr.splitlines()[-1]
        assert not list(board.flash.iterdir())
    assert said.startswith("thing: this board's firmware has no ROMFS: stock firmware of ESP32 and RP2 boards")
    assert "from MicroPython 1.25 on. Flash without --romfs, or freeze" in said


def test_source_is_not_for_romfs(thing, ready):
    assert "leave out --py" in thing.run("flash", "demo", "--romfs", "--py", code=2).stderr


def test_what_would_hide_it_is_named_before_anything_is_written(plugged):
    board = plugged()
    _put(board, "aws_iot/__init__.py")
    with pytest.raises(ToolError, match="before its ROMFS: take that out of its root folder: mpremote rm -r :aws_iot"):
        _into_romfs(board)
    (board.flash / "aws_iot").rename(board.flash / "mine")
    _put(board, "mine/aws_iot/__init__.py")
    _put(board, "boot.py", "import sys\nsys.path.insert(0, '/mine')\n")
    with pytest.raises(ToolError, match="from /mine/aws_iot/__init__.py, before its ROMFS: a boot.py that changes"):
        _into_romfs(board)
    assert set(board.partition.read_bytes()) == {0xFF}


def test_a_lib_that_comes_first_does_not_hide_it(plugged):
    board = plugged()
    _put(board, "lib/aws_iot/__init__.py", "old = True\n")
    _put(board, "boot.py", "import sys\nsys.path.remove('/lib')\nsys.path.insert(0, '/lib')\n")
    assert _into_romfs(board).removed == ["/lib/aws_iot/__init__.py"]
    assert _told(board) == _IN_ROM


def test_umqtt_with_more_beside_it_stays_where_it_is(plugged):
    """In a second folder umqtt, robust.py would be out of reach."""
    board = plugged()
    for name, data in flash.library("lib", True).items():
        (board.flash / name).parent.mkdir(parents=True, exist_ok=True)
        (board.flash / name).write_bytes(data)
    _put(board, "lib/umqtt/robust.py", "robust = True\n")
    result = _into_romfs(board)
    assert not any("umqtt" in path for path in result.written + result.removed)
    assert _told(board, _TELL + "from umqtt import robust\n") == ["/rom/lib/aws_iot/__init__.mpy /lib/umqtt/simple.mpy"]


def test_other_files_in_romfs_are_not_lost(plugged):
    board = plugged()
    board.partition.write_bytes(romfs.image({"mine.py": b"x = 1\n"}).ljust(131072, b"\xff"))
    with pytest.raises(ToolError, match=r"would replace other files in the board's ROMFS \(/rom/mine.py\): put"):
        _into_romfs(board)
    assert _told(board, "import mine\nprint(mine.x)") == ["1"]


def test_a_partition_that_is_too_small(plugged):
    with pytest.raises(ToolError, match="the board's ROMFS has 64 KB and the library needs [0-9]+ KB: flash without"):
        _into_romfs(plugged(rom_bytes=65536))


_WORN = """
# Stands in for worn flash: one bit of the third block is written, and does not stay.
import vfs
whole = vfs.rom_ioctl
def worn(op, *arguments):
    if op == 4 and arguments[1] == 8192:
        arguments = arguments[0], 8192, bytes((arguments[2][0] ^ 1,)) + arguments[2][1:]
    return whole(op, *arguments)
vfs.rom_ioctl = worn
"""


def test_what_did_not_arrive_whole_is_not_used(plugged):
    board = plugged()
    _put(board, "lib/aws_iot/__init__.py", "old = True\n")
    _put(board, "boot.py", _WORN)
    with pytest.raises(ToolError, match="the ROMFS did not arrive whole .* and is not used: flash again"):
        _into_romfs(board)
    assert _told(board, "import aws_iot\nprint(aws_iot.old)") == ["True"]
    (board.flash / "boot.py").unlink()
    _into_romfs(board)
    assert _told(board) == _IN_ROM


def test_a_cable_that_is_pulled_leaves_no_half_romfs(thing, ready, plugged):
    board = plugged()
    thing.run("flash", "demo", "--port", board.port, "--no-wait")
    running = thing.start("flash", "demo", "--port", board.port, "--no-wait", "--romfs")
    while board.partition.read_bytes()[8192:12288] == b"\xff" * 4096:
        assert running.poll() is None
        time.sleep(0.005)
    board.pull_the_cable()
    _, error = running.communicate(timeout=180)
    assert running.returncode == 1 and "the board" in error.splitlines()[-1]
    board.switch()
    board.expect("/lib/aws_iot/__init__.mpy /lib/umqtt/simple.mpy")
    assert thing.json("flash", "demo", "--port", board.port, "--no-wait", "--romfs")["printed"][:1] == _IN_ROM


def test_flash_without_it_meets_a_romfs_that_has_no_lib(thing, ready, plugged):
    board = plugged()
    board.partition.write_bytes(romfs.image({"mine.py": b"x = 1\n"}).ljust(131072, b"\xff"))
    done = thing.run("flash", "demo", "--port", board.port, "--no-wait")
    assert "  /lib/aws_iot/__init__.mpy /lib/umqtt/simple.mpy\n" in done.stdout and "its ROMFS" not in done.stderr
