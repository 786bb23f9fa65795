"""What a project lacks, or has too much of, before a board gets it: refused here, where the cause can be told."""

from __future__ import annotations

import ast
import datetime
import functools
import importlib.resources
import os
import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from .. import journal, pki
from ..errors import ToolError
from ..things import files
from ..things.project import CONFIG, RESOURCES
from . import flash, mpy

if TYPE_CHECKING:
    from ..things.project import Project
    from ..things.record import Record


_PTYS = ("/dev/pts/", "/dev/ttys")  # Linux's and macOS's, of a board that `thing board` plays


def check(project: Project) -> datetime.datetime:
    """Refuse what would not connect, or should not leave this computer; -> the certificate's last day."""
    check_files(project)
    check_names(project)
    certificate, key = project.files()
    _refuse_tracked(project.folder, key)
    return pki.check_pair((project.folder / certificate).read_bytes(), (project.folder / key).read_bytes())


def check_all(project: Project, records: Iterable[Record]) -> None:
    """check(), for boards that get one each of these things."""
    check_names(project)
    _check_named(project, flash.authorities(project))
    _check_entries(project, "endpoint")
    _refuse_tracked(project.folder, RESOURCES)
    for record in records:
        try:
            pki.check_pair(record.certificate_path.read_bytes(), record.key_path.read_bytes())
        except (ToolError, OSError) as error:
            raise ToolError(f"{record.name}: {error}") from error


def check_files(project: Project) -> None:
    """ToolError unless there is an active thing with its files and entries."""
    if not project.active():
        raise ToolError("the project has no active thing yet: `thing add` makes one, `thing use` chooses one")
    _check_named(project, flash.named(project))
    _check_entries(project, "endpoint", "mqttid")


def _check_named(project: Project, names: Iterable[str]) -> None:
    for name in names:
        if not (project.folder / name).resolve().is_relative_to(project.folder.resolve()):
            raise ToolError(f"{project.folder / CONFIG} names {name}, which is not in the project: copy it there")
        if not (project.folder / name).is_file():
            raise ToolError(f"{project.folder / name} is missing: `thing use` puts certificate and key there")


def _check_entries(project: Project, *fields: str) -> None:
    for field in fields:
        if not project.config().get(field):
            raise ToolError(f"{project.folder / CONFIG} has no {field}: `thing add` fills it in")


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
    """ToolError for an endpoint that is none, and when the board at a port would look for AWS on itself."""
    endpoint = project.config().get("endpoint") or ""
    fault = endpoint_fault(endpoint)
    if fault:
        raise ToolError(f"the endpoint {fault}")
    on_this_computer = port.startswith("socket://") or os.path.realpath(port).startswith(_PTYS)
    if not on_this_computer and (endpoint == "localhost" or endpoint.startswith("127.")):
        raise ToolError(
            f"the endpoint is {endpoint}, which for a board is the board itself: `thing cloud down`, `thing cloud up "
            f"--lan` have the local AWS serve the network, `thing use {project.folder} --endpoint` then writes its "
            "address into the project"
        )


def endpoint_fault(endpoint: str) -> str | None:
    """Why this is no endpoint, in words."""
    if "/" in endpoint or ":" in endpoint:
        return f'{endpoint!r} must be a host name alone: no mqtts://, no path, no port (that is "port")'
    return None


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


def _refuse_tracked(folder: Path, name: str) -> None:
    if _tracked(folder, name):
        raise ToolError(
            f"git tracks {name}: whoever reads the repository is this thing. Take it out "
            f"(git rm -r --cached {name}), make a new thing, and delete this one"
        )


def _tracked(folder: Path, name: str) -> bool:
    try:
        # A project that came from somewhere may name programs in its .git: none is run.
        quiet = ["-c", "core.fsmonitor=false", "-c", "core.hooksPath="]
        command = ["git", "-C", str(folder), *quiet, "ls-files", "--error-unmatch", name]
        return subprocess.run(command, capture_output=True).returncode == 0
    except FileNotFoundError:  # no git, no repository
        return False
