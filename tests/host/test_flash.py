"""thing flash with the real mpremote library, against the make-believe board (tests/harness/board.py)."""

import datetime
import json
import shutil
import signal
import socket
import subprocess
import time

import pytest

from ..harness.board import WORN, Board
from ..harness.runtimes import RUNTIMES


@pytest.fixture
def ready(thing, project):
    """A project with an active thing, and a program that ends at once."""
    thing.run("add", "demo")
    (project / "main.py").write_text("print('hello from', __file__)\nprint('again')\n")
    return project


def _version() -> str:
    """Of the interpreter that the make-believe board runs."""
    program = "import sys; print('.'.join(str(part) for part in sys.implementation.version[:3]))"
    return subprocess.run([*RUNTIMES["mp32"].command("-c"), program], capture_output=True, text=True).stdout.strip()


def _files(board) -> set:
    return {str(path.relative_to(board.flash)) for path in board.flash.rglob("*") if path.is_file()}


def _suffixes(board) -> set:
    return {path.suffix for path in (board.flash / "lib/aws_iot").rglob("*") if path.is_file()}


def test_everything_is_put_on_the_board(thing, ready, board):
    (ready / "lib2").mkdir()
    (ready / "lib2/mine.py").write_text("x = 1\n")
    (ready / "notes.md").write_text("not for the board")
    (ready / "fota.key").write_text("a signing key that must stay here")
    done = thing.run("flash", "demo", "--port", board.port, "--no-wait")
    assert f"MicroPython {_version()}" in done.stdout
    assert "demo_0 starts:\n  hello from main.py\n  again\n" in done.stdout
    for name in ("thing.conf.json", "certificate.pem.crt", "private.pem.key", "main.py", "helpers.py", "lib2/mine.py"):
        assert (board.flash / name).read_bytes() == (ready / name).read_bytes()
    config = json.loads((ready / "thing.conf.json").read_text())
    found = _files(board)
    assert {config["cacert"], "wifi.json", "lib/umqtt/simple.mpy", "lib/aws_iot/thing.mpy"} <= found
    assert {"lib/aws_iot/mqtt/__init__.mpy", "lib/aws_iot/jobs/engine.mpy"} <= found
    assert not any(name.endswith((".md", "fota.key", ".new", "journal.json", "_cpython.mpy")) for name in found)
    assert not any(name.endswith((".pyi", "py.typed")) for name in found)  # for editors


def test_the_names_that_the_library_takes_in_the_configuration_are_the_tools_too(thing, ready, board):
    path = ready / "thing.conf.json"
    config = json.loads(path.read_text())
    name = config.pop("mqttid")
    config.update(client_id=name, ca=config.pop("cacert"), certificate="mine.crt", key="mine.key")
    path.write_text(json.dumps(config))
    (ready / "certificate.pem.crt").rename(ready / "mine.crt")
    (ready / "private.pem.key").rename(ready / "mine.key")
    assert "mine.crt, mine.key" in thing.run("doctor", "demo").stdout
    thing.run("flash", "demo", "--port", board.port, "--no-wait")
    for file in ("thing.conf.json", "mine.crt", "mine.key", config["ca"]):
        assert (board.flash / file).read_bytes() == (ready / file).read_bytes()
    thing.run("add", "demo")
    thing.run("use", "demo", "--thing", "demo_1")
    config = json.loads(path.read_text())
    assert config["mqttid"] == config["thingname"] == "demo_1" and (ready / "private.pem.key").exists()
    assert not {"client_id", "ca", "certificate", "key"} & set(config)


def test_what_is_the_same_is_skipped(thing, ready, board):
    first = thing.json("flash", "demo", "--port", board.port, "--no-wait")
    assert len(first["written"]) > 20 and first["same"] == 0
    again = thing.json("flash", "demo", "--port", board.port, "--no-wait")
    assert again["written"] == [] and again["same"] == len(first["written"])
    (ready / "main.py").write_text("print('changed')\n")
    assert thing.json("flash", "demo", "--port", board.port, "--no-wait")["written"] == ["/main.py"]
    assert (board.flash / "main.py").read_text() == "print('changed')\n"


def test_library_as_source_and_back(thing, ready, board):
    """A .py beside a .mpy would be the one that is imported: the other form is removed."""
    thing.run("flash", "demo", "--port", board.port, "--no-wait")
    thing.run("flash", "demo", "--port", board.port, "--no-wait", "--py")
    assert _suffixes(board) == {".py"}
    thing.run("flash", "demo", "--port", board.port, "--no-wait")
    assert _suffixes(board) == {".mpy"}


def test_umqtt_of_the_firmware_is_used(thing, ready, tmp_path):
    from aws_iot_tools.board import umqtt

    firmware = tmp_path / "firmware"
    shutil.copytree(umqtt.FOLDER / "umqtt", firmware / "umqtt")
    with Board(tmp_path / "flash", firmware) as board:
        thing.run("flash", "demo", "--port", board.port, "--no-wait")
        assert not (board.flash / "lib/umqtt").exists()


def test_library_in_romfs_is_told_and_takes_no_files(thing, ready, board):
    """MicroPython puts /rom and /rom/lib on its path before /lib once something was deployed there (extmod/vfs.c)."""
    rom = board.flash / "rom" / "lib" / "aws_iot"
    rom.mkdir(parents=True)
    (rom / "__init__.py").write_text("")
    (board.flash / "boot.py").write_text("import sys\nsys.path[2:2] = ['/rom', '/rom/lib']\n")
    done = thing.run("flash", "demo", "--port", board.port, "--no-wait")
    assert "imports aws_iot from its ROMFS, not from /lib/aws_iot" in done.stderr
    assert (board.flash / "lib/aws_iot/thing.mpy").exists() and [path.name for path in rom.iterdir()] == ["__init__.py"]


def test_a_running_program_is_stopped_first(thing, ready, board):
    (board.flash / "main.py").write_text("import time\nprint('busy')\nwhile True:\n    time.sleep_ms(50)\n")
    board.switch()
    board.expect("busy")
    assert "hello from main.py" in thing.run("flash", "demo", "--port", board.port, "--no-wait").stdout


def test_only_so_many_lines_are_shown(thing, ready, board):
    (ready / "main.py").write_text(
        "import time\nn = 0\nwhile True:\n    print('line', n)\n    n += 1\n    time.sleep_ms(20)\n"
    )
    shown = thing.json("flash", "demo", "--port", board.port, "--no-wait", "--lines", 3)
    assert shown["printed"] == ["line 0", "line 1", "line 2"]


_TIME = """
# Stands in for the clock of a board that was just switched on: 2000-01-01, until machine.RTC sets it.
import utime
from utime import *
offset = 946684800 - int(utime.time())
def time():
    return int(utime.time()) + offset
def gmtime(seconds=None):
    return utime.gmtime(time() if seconds is None else seconds)
"""
_MACHINE = """
# Stands in for machine.RTC of an ESP32: (year, month, day, weekday from Monday = 0, hour, minute, second, subsecond).
import time, utime
class RTC:
    def datetime(self, stamp):
        year, month, day, weekday, hour, minute, second, _ = stamp
        seconds = utime.mktime((year, month, day, hour, minute, second, 0, 0, 0))
        assert utime.localtime(seconds)[6] == weekday
        time.offset += int(seconds - utime.mktime(time.gmtime()))
        open("/rtc", "w").write(str(time.offset))  # which lasts over a soft reset
"""
_LASTING = "try:\n    offset = int(open('/rtc').read())\nexcept OSError:\n    pass\n"
_TELL = "import time\nprint('it is', time.time())\n"


@pytest.fixture
def clock(tmp_path):
    """A firmware with a clock of its own: clock(settable) -> its folder, for Board."""

    def make(settable: bool):
        folder = tmp_path / "firmware"
        folder.mkdir()
        (folder / "time.py").write_text(_TIME + _LASTING)
        if settable:
            (folder / "machine.py").write_text(_MACHINE)
        return folder

    return make


def test_the_clock_is_set(thing, ready, clock, tmp_path):
    (ready / "main.py").write_text(_TELL)
    with Board(tmp_path / "flash", clock(settable=True)) as board:
        before = int(time.time())
        done = thing.run("flash", "demo", "--port", board.port, "--no-wait")
        told = int(done.stdout.split("it is ")[1].split()[0])
    assert before <= told <= time.time(), "and not 946684800, which is 2000"
    assert "clock" not in done.stderr


def test_a_clock_that_cannot_be_set_is_told(thing, ready, clock, tmp_path):
    (ready / "main.py").write_text(_TELL)
    with Board(tmp_path / "flash", clock(settable=False)) as board:
        done = thing.run("flash", "demo", "--port", board.port, "--no-wait")
    assert int(done.stdout.split("it is ")[1].split()[0]) < 946690000
    assert "s off and could not be set: TLS will fail unless the program sets it" in done.stderr


def test_what_did_not_arrive_whole_replaces_nothing(thing, ready, board):
    thing.run("flash", "demo", "--port", board.port, "--no-wait")
    kept = {name: (board.flash / name).read_bytes() for name in ("main.py", "helpers.py")}
    for name in kept:
        (ready / name).write_bytes(kept[name] + b"# changed\n")
    (board.flash / "boot.py").write_text(WORN)
    said = thing.run("flash", "demo", "--port", board.port, code=1).stderr
    assert (
        said.splitlines()[-1]
        == "thing: /helpers.py did not arrive whole (a bad cable, worn flash?); nothing was replaced"
    )
    assert {name: (board.flash / name).read_bytes() for name in kept} == kept
    (board.flash / "boot.py").unlink()
    assert set(thing.json("flash", "demo", "--port", board.port, "--no-wait")["written"]) == {"/main.py", "/helpers.py"}
    assert (board.flash / "helpers.py").read_bytes() == kept["helpers.py"] + b"# changed\n"


def test_mixed_up_key_is_refused(thing, ready, board):
    thing.run("add", "demo")
    shutil.copy(ready / ".aws_things_resources/demo_1/private.pem.key", ready / "private.pem.key")
    assert "does not belong to the certificate" in thing.run("flash", "demo", "--port", board.port, code=1).stderr
    assert _files(board) == set()


def test_expired_certificate_is_refused(thing, ready, board):
    from cryptography import x509
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key

    key = load_pem_private_key((ready / "private.pem.key").read_bytes(), None)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "demo_0")])
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    first, last = datetime.datetime(2020, 1, 1), datetime.datetime(2025, 1, 1)
    builder = builder.serial_number(1).not_valid_before(first).not_valid_after(last)
    (ready / "certificate.pem.crt").write_bytes(builder.sign(key, SHA256()).public_bytes(Encoding.PEM))
    assert "the certificate expired on 2025-01-01" in thing.run("flash", "demo", "--port", board.port, code=1).stderr
    assert _files(board) == set()


def test_key_in_git_is_refused(thing, ready, board):
    subprocess.run(["git", "init", "-q", ready], check=True)
    subprocess.run(["git", "-C", ready, "add", "-f", "private.pem.key"], check=True)
    assert "git tracks private.pem.key" in thing.run("flash", "demo", "--port", board.port, code=1).stderr
    assert _files(board) == set()


def test_no_board(thing, ready):
    said = thing.run("flash", "demo", "--port", "socket://127.0.0.1:9", code=1).stderr
    assert said.startswith("thing: no board at socket://127.0.0.1:9: is it plugged in") and said.count("\n") == 1
    config = json.loads((ready / "thing.conf.json").read_text())
    (ready / "thing.conf.json").write_text(json.dumps({**config, "endpoint": "192.0.2.1"}))
    assert "no board at /dev/ttyNONE" in thing.run("flash", "demo", "--port", "/dev/ttyNONE", code=1).stderr


def test_a_board_that_does_not_answer(thing, ready):
    """Its program swallows Ctrl-C, or it is busy: an open line without an answer stands in for it."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = f"socket://127.0.0.1:{silent.getsockname()[1]}"
        said = thing.run("flash", "demo", "--port", port, code=1).stderr
    assert f"the board at {port} does not answer (could not enter raw repl)" in said
    assert "Press its reset button and try again" in said and said.count("\n") == 1


def test_a_board_that_loses_its_connection(thing, ready, board):
    """The cable is pulled while files are written: the old program is still whole, and the next run goes on."""
    (ready / "main.py").write_text("print('old')\n")
    thing.run("flash", "demo", "--port", board.port, "--no-wait")
    (ready / "main.py").write_text("print('new')\n" + "# " + "x" * 200_000)
    running = thing.start("flash", "demo", "--port", board.port, "--no-wait")
    size = -1
    while size < 20_000:
        assert running.poll() is None
        time.sleep(0.005)
        scratch = board.flash / "main.py.new"
        size = scratch.stat().st_size if scratch.exists() else -1
    board.pull_the_cable()
    _, error = running.communicate(timeout=180)
    assert running.returncode == 1 and "the board" in error.splitlines()[-1]
    assert (board.flash / "main.py").read_text() == "print('old')\n"
    (ready / "main.py").write_text("print('new')\n")
    assert "  new\n" in thing.run("flash", "demo", "--port", board.port, "--no-wait").stdout


def test_ctrl_c_in_the_middle_leaves_nothing_behind(thing, ready, board):
    """The old program is whole; what had been written beside it goes with the next flashing, whatever that writes."""
    old = (ready / "main.py").read_bytes()
    thing.run("flash", "demo", "--port", board.port, "--no-wait")
    (ready / "main.py").write_text("# " + "x" * 200_000)
    running = thing.start("flash", "demo", "--port", board.port, "--no-wait")
    scratch = board.flash / "main.py.new"
    while not scratch.exists():
        assert running.poll() is None
        time.sleep(0.005)
    running.send_signal(signal.SIGINT)
    error = running.communicate(timeout=180)[1]
    assert running.returncode == 130 and error.splitlines()[-1] == "thing: stopped", error
    assert (board.flash / "main.py").read_bytes() == old and scratch.exists()
    (ready / "main.py").write_bytes(old)
    assert thing.json("flash", "demo", "--port", board.port, "--no-wait")["removed"] == ["/main.py.new"]
    assert not [name for name in _files(board) if name.endswith(".new")]


def test_a_full_board(thing, ready, board, tmp_path):
    """What the board has to spare is asked before anything is written; VfsPosix tells the host's free space."""
    from aws_iot_tools.board import flash
    from aws_iot_tools.errors import ToolError

    class Small:
        def hashes(self, paths):
            return {}

        def info(self):
            return {"free": 1000}

    with pytest.raises(ToolError, match="has 0 KB free and needs 2 KB"):
        flash.bring_up(Small(), {"/main.py": bytes(3000)}, "/lib/aws_iot", None)


def _follow(thing, ready, board, program: str, *words, code=0):
    (ready / "main.py").write_text(program)
    return thing.run("flash", "demo", "--port", board.port, *words, code=code)


def test_it_is_followed_until_it_is_ready(thing, ready, board):
    program = (
        "import time\nfor n in range(30):\n    print('line', n)\nprint('ready')\nwhile True:\n    time.sleep_ms(50)\n"
    )
    done = _follow(thing, ready, board, program)
    assert done.stdout.endswith("  line 29\n  ready\n")


def test_what_does_not_get_ready_is_a_failure_with_its_cause(thing, ready, board):
    said = _follow(thing, ready, board, "print('begin')\nnobody\n", code=1)
    assert "  begin\n" in said.stdout
    assert "ended before it was ready: NameError: name 'nobody' isn't defined" in said.stderr
    stuck = "import time\nprint('Wi-Fi: joining home')\nprint('more')\nwhile True:\n    time.sleep_ms(50)\n"
    said = _follow(thing, ready, board, stuck, "--wait", 1, code=1)
    assert "was not ready within 1 s: Wi-Fi: joining home. It runs on" in said.stderr


def test_what_goes_along_and_what_stays(thing, ready, board, tmp_path):
    for name in ("www/index.html", "font.bin", "venv/pyvenv.cfg", "venv/lib/big.py", ".git/x.py", "www/.hidden.py"):
        (ready / name).parent.mkdir(parents=True, exist_ok=True)
        (ready / name).write_text("x = 1\n")
    (ready / "other.der").write_bytes(_der_key())
    thing.environment["THING_PORT"] = board.port
    done = thing.run("flash", "demo", "--no-wait")
    said = done.stdout
    assert "wifi.json names no network yet: a board with Wi-Fi needs ssid and password in it" in done.stderr
    assert "from THING_PORT" in said and "not for the board: other.der, readme.md\n" in said
    found = _files(board)
    assert {"www/index.html", "font.bin"} <= found
    assert not any("venv" in name or ".git" in name or "hidden" in name or name.endswith(".der") for name in found)
    (tmp_path / "outside.py").write_text("secret = 1\n")
    (ready / "inside.py").symlink_to(tmp_path / "outside.py")
    assert "inside.py is a link out of the project" in thing.run("flash", "demo", code=1).stderr


def _der_key() -> bytes:
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    return ec.generate_private_key(ec.SECP256R1()).private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())


def test_files_as_windows_writes_them(thing, ready, board):
    config = ready / "thing.conf.json"
    config.write_bytes(b"\xef\xbb\xbf" + config.read_bytes())
    (ready / "main.py").write_bytes(b"\xef\xbb\xbfprint('hello')\n")
    assert "  hello\n" in thing.run("flash", "demo", "--port", board.port, "--no-wait").stdout
    assert (board.flash / "main.py").read_bytes() == b"print('hello')\n"
    assert (board.flash / "thing.conf.json").read_bytes().startswith(b"{")
    for encoding in ("latin-1", "utf-16"):
        (ready / "main.py").write_bytes("print('grüß')\n".encode(encoding))
        said = thing.run("flash", "demo", "--port", board.port, code=1).stderr
        assert "main.py is no UTF-8 text" in said and "save it as UTF-8" in said


def test_what_would_not_work_on_the_board_is_refused_here(thing, ready, board):
    (ready / "json.py").write_text("x = 1\n")
    assert "json.py hides the module json" in thing.run("flash", "demo", "--port", board.port, code=1).stderr
    (ready / "json.py").unlink()
    said = thing.run("flash", "demo", "--port", "/dev/ttyUSB0", code=1).stderr
    assert "the endpoint is localhost, which for a board is the board itself" in said
    config = json.loads((ready / "thing.conf.json").read_text())
    (ready / "thing.conf.json").write_text(json.dumps({**config, "endpoint": "mqtts://localhost:8883"}))
    said = thing.run("flash", "demo", "--port", board.port, code=1).stderr
    assert "the endpoint 'mqtts://localhost:8883' must be a host name alone" in said
    (ready / "thing.conf.json").write_text(json.dumps({**config, "cacert": "/etc/passwd"}))
    assert "names /etc/passwd, which is not in the project" in thing.run("flash", "demo", code=1).stderr
    (ready / "thing.conf.json").write_text(json.dumps(config))
    (ready / "wifi.json").write_text('{"ssid": "home"')
    assert "wifi.json is no valid JSON" in thing.run("flash", "demo", "--port", board.port, code=1).stderr
    assert _files(board) == set()


def test_a_port_that_this_user_may_not_open_is_told_as_that(monkeypatch, tmp_path):
    from aws_iot_tools.board import board, ports
    from aws_iot_tools.errors import ToolError

    (tmp_path / "ttyUSB0").write_text("")
    monkeypatch.setattr(ports.os, "access", lambda path, mode: False)
    with (
        pytest.raises(ToolError, match="has not the permission to open .*dialout"),
        board.Board(str(tmp_path / "ttyUSB0")),
    ):
        pass


def test_nothing_that_a_project_names_in_its_git_folder_runs(thing, ready, board):
    subprocess.run(["git", "init", "-q", ready], check=True)
    subprocess.run(["git", "-C", ready, "config", "core.fsmonitor", f"touch {ready}/ran; false"], check=True)
    thing.run("flash", "demo", "--port", board.port, "--no-wait")
    assert not (ready / "ran").exists()
