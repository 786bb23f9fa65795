"""`thing flash` of a new project as a user does it: thing new, thing add in the local AWS, thing flash at the board."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

from aws_iot_tools.board.board import Board

from tests.harness import program
from tests.harness.ministack import REGION, MiniStack

from .firmware import Firmware
from .machine import Machine
from .rows import Row

TITLE = "thing flash of a new project"
NOTE = "`thing new`, `thing add` in the local AWS, `thing flash --port socket://...` twice, and with --romfs."
_THING = Path(sys.executable).with_name("thing")
_TLS = program("qemu", "tls")  # a file of the project, since the firmware has none


class _Tools:
    """The command `thing` of a user in a folder, with an account in the local AWS."""

    def __init__(self, folder: Path, cloud: MiniStack) -> None:
        self.folder = folder
        self._environment = {
            **{key: value for key, value in os.environ.items() if not key.startswith(("AWS_", "THING_"))},
            "AWS_ENDPOINT_URL": cloud.url, "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_DEFAULT_REGION": REGION, "IOT_MTLS_PORT": str(cloud.port), "HOME": str(folder),
        }  # fmt: skip

    def run(self, *words) -> str:
        done = subprocess.run(
            [_THING, *words], cwd=self.folder, env=self._environment, text=True, capture_output=True, timeout=600
        )
        if done.returncode:
            raise RuntimeError(f"thing {' '.join(words)}: status {done.returncode}\n{done.stdout}{done.stderr}")
        return done.stdout


def run(machine: Machine, built: Firmware, folder: Path) -> list:
    """Leaves the board with library, project, certificate and key on it. -> rows"""
    (folder / "cloud").mkdir()
    cloud = MiniStack(folder / "cloud").start()
    try:
        tools = _Tools(folder, cloud)
        tools.run("new", "demo")
        tools.run("add", "demo")
        shutil.copy(_TLS, folder / "demo")
        port = machine.serve()
        start = time.monotonic()
        first = json.loads(tools.run("flash", "demo", "--port", port, "--no-wait", "--json"))
        seconds = time.monotonic() - start
        again = json.loads(tools.run("flash", "demo", "--port", port, "--json", "--no-wait", "--lines", "0"))
        machine.kill()
        rom = _into_romfs(machine, tools)
        port = machine.serve()
    finally:
        cloud.stop()
    rows = [
        Row("files written and read back", "all, none the same before", f"{len(first['written'])} in {seconds:.0f} s",
            len(first["written"]) > 50 and not first["same"]),
        _compare(folder / "demo", port, len(first["written"])),
        Row("flashed a second time", "nothing is written", f"{len(again['written'])} written, {again['same']} the same",
            not again["written"] and again["same"] == len(first["written"])),
        Row("the program starts", "it meets a board without network", _first(first["printed"]),
            any(line.startswith("disconnected") for line in first["printed"])),
        rom,
    ]  # fmt: skip
    with Board(port) as board:  # for those who come after
        board.remove(["/tls.py"])
    return rows


def _into_romfs(machine: Machine, tools: _Tools) -> Row:
    """The library from /lib into the ROMFS of another board that is flashed as this one: a block device."""
    with machine.copy(tools.folder / "romfs.flash") as other:
        port = other.serve()
        start = time.monotonic()
        done = json.loads(tools.run("flash", "demo", "--port", port, "--romfs", "--no-wait", "--json"))
        seconds = time.monotonic() - start
        with Board(port) as board:
            where = board.run("import aws_iot\nprint(aws_iot.__file__)")
            left = board.files("/lib")
    seen = f"{len(done['written'])} files in {seconds:.0f} s, {len(left)} in /lib; {where}; {_first(done['printed'])}"
    good = len(done["removed"]) == len(done["written"]) > 50 and not left and where.startswith("/rom/lib/aws_iot/")
    return Row(
        "flashed with --romfs", "the library in ROMFS, none in /lib; the program starts", seen,
        good and any(line.startswith("disconnected") for line in done["printed"]),
    )  # fmt: skip


def _compare(project: Path, port: str, number: int) -> Row:
    """What is on the board once it was switched off and on, file by file, by digests that the board computes."""
    with Board(port) as board:
        there = board.hashes(board.files(""))
    for name in ("certificate.pem.crt", "private.pem.key", "main.py", "thing.conf.json"):
        if there.get(f"/{name}") != hashlib.sha256((project / name).read_bytes()).hexdigest():
            return Row("the board's files by its own SHA-256", "the project's", f"{name} is another", False)
    return Row("files on the board", f"the {number} that were written", f"{len(there)}", len(there) == number)


def _first(lines: list) -> str:
    return next((line for line in lines if line.startswith("disconnected")), "; ".join(lines) or "nothing")
