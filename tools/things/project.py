"""A project's folder: what is in it, and the one thing that is active.

project/
  thing.conf.json              endpoint and policy, and the active thing's id, name and certificate ARN
  certificate.pem.crt          of the active thing
  private.pem.key              of the active thing
  .aws_things_resources/       journal.json, and a folder per thing: see record.py
"""

from __future__ import annotations

import os
import shutil
import uuid
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from .. import journal
from ..errors import ToolError
from ..shapes import Json
from ..spelling import meant
from . import names
from .record import Record

CONFIG = "thing.conf.json"
CERTIFICATE = "certificate.pem.crt"
KEY = "private.pem.key"
RESOURCES = ".aws_things_resources"
SERVED = ".served"  # below it: what `thing serve` keeps of the things that were made through it, see fleet/para
_ACTIVE_KEYS = ("mqttid", "thingname", "cert_arn")
_TEMPLATE_KEYS = ("endpoint", "policy_name")
_SAME = (("client_id", "mqttid"), ("ca", "cacert"))  # names that the library takes too, and what is written here
_FILES = (("certificate", CERTIFICATE), ("key", KEY))  # fields that may name other files, and which files else
_SWITCH = ".switch"  # a complete set of the three files on its way to the top: see activate()


class Project:
    """One project on disk; open() it, so that an interrupted switch of the active thing is finished first."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.resources = folder / RESOURCES
        self._journal = self.resources / "journal.json"
        self._switch = self.resources / _SWITCH
        self._lock = self.resources / ".lock"

    @classmethod
    def open(cls, path: str | Path) -> Project:
        """The project in a folder; ToolError when there is none, or when its configuration is broken."""
        project = cls(Path(path))
        if not project.folder.is_dir():
            beside = project.folder.parent
            known = [each.name for each in beside.iterdir() if each.is_dir()] if beside.is_dir() else []
            raise ToolError(f"there is no folder {path}{meant(project.folder.name, known)}")
        project._recover_switch()
        if not (project.folder / CONFIG).is_file():
            where = "this folder" if project.folder == Path() else path
            inside = sorted(each.parent.name for each in project.folder.glob(f"*/{CONFIG}"))
            cure = f"name one of those in it: {', '.join(inside[:5])}" if inside else "`thing new NAME` makes one"
            raise ToolError(f"{where} is no thing project (it has no {CONFIG}): {cure}")
        project.config()
        return project

    def config(self) -> Json:
        """thing.conf.json as a dict; ToolError when it is broken or a value is not of its type."""
        document = journal.read_json(self.folder / CONFIG)
        for name, written in _SAME:
            if name in document:
                document[written] = document.pop(name)
        for key in ("endpoint", "policy_name", "cacert", "host", *_ACTIVE_KEYS, *dict(_FILES)):
            if not isinstance(document.get(key), (str, type(None))):
                raise ToolError(f'{self.folder / CONFIG}: "{key}" must be a string or null; mend it and run this again')
        ports = document.get("ports") or {}
        if not isinstance(ports, dict):
            raise ToolError(f'{self.folder / CONFIG}: "ports" must be an object: {{"wss": a port, ...}}')
        for key, port in {"port": document.get("port"), **ports}.items():
            if not (port is None or (type(port) is int and 0 < port < 65536)):
                raise ToolError(f'{self.folder / CONFIG}: "{key}" must be a number from 1 to 65535')
        return document

    def port(self, door: str) -> int | None:
        """Where the door is, by thing.conf.json as the library reads it, or None: where AWS has it."""
        config = self.config()
        if door != "mqtt" and config.get("ports"):
            found: int | None = config["ports"].get(door)
            return found
        return config.get("port") if config.get("ports") or (config.get("door") or "mqtt") == door else None

    def files(self) -> list[str]:
        """The names of the active thing's certificate and key, as the library looks for them."""
        config = self.config()
        return [config.get(field) or default for field, default in _FILES]

    def change_config(self, **values: Any) -> None:
        """Set values in thing.conf.json; a None takes its key out, or nulls one of the template's. The rest stays."""
        document = {**self.config(), **values}
        kept = {key: value for key, value in document.items() if value is not None or key in _TEMPLATE_KEYS}
        journal.write_json(self.folder / CONFIG, kept)

    def state(self) -> Json:
        """What the tools remember of this project: its id, last base name, unfinished plan, the policy it made."""
        return journal.read_json(self._journal) if self._journal.exists() else {"project": uuid.uuid4().hex}

    def change_state(self, **values: Any) -> Json:
        document = {**self.state(), **values}
        self.resources.mkdir(mode=0o700, exist_ok=True)
        journal.write_json(self._journal, document)
        return document

    def lock(self, wait: bool = False) -> AbstractContextManager[None]:
        """A context manager: this command alone changes the project's things. ToolError when another does, or wait."""
        return journal.lock(self._lock, wait)

    def record(self, name: str) -> Record:
        return Record(self.resources / name)

    def things(self) -> list[str]:
        """The names of the project's things in numeric order, half-made ones included."""
        if not self.resources.is_dir():
            return []
        folders = [entry for entry in self.resources.iterdir() if entry.is_dir() and not entry.name.startswith(".")]
        return sorted((folder.name for folder in folders), key=names.split)

    def next_number(self, base: str) -> int:
        """The number after the highest that a thing of this base name has here; where letters differ in their case
        alone, Windows and macOS have one folder."""
        known = map(names.split, self.things())
        return max((number for name, number in known if name.lower() == base.lower()), default=-1) + 1

    def active(self) -> str | None:
        """The active thing's name, or None."""
        return self.config().get("thingname")

    def config_of(self, record: Record) -> Json:
        """thing.conf.json as it is when this thing is the active one."""
        active = {key: value for key, value in record.config().items() if key in _ACTIVE_KEYS}
        kept = {key: value for key, value in self.config().items() if key not in dict(_FILES)}
        return {**kept, **active}

    def activate(self, record: Record) -> None:
        """Make a thing the active one: its three files take the place of the old ones all together or not at all.

        A complete new set is gathered in .switch.new; renaming that to .switch decides, and open() finishes the moves
        of a decided switch, so a kill leaves the old set or the new one.
        """
        scratch = self._switch.with_name(f"{_SWITCH}.new")
        shutil.rmtree(scratch, ignore_errors=True)
        scratch.mkdir(mode=0o700)
        journal.write_json(scratch / CONFIG, self.config_of(record))
        journal.write(scratch / CERTIFICATE, record.certificate_path.read_bytes())
        journal.write(scratch / KEY, record.key_path.read_bytes(), journal.SECRET)
        scratch.rename(self._switch)
        self._finish_switch()

    def _recover_switch(self) -> None:
        """Finish a switch that was cut off; one that another command is at has its lock, and is waited for."""
        if self._switch.is_dir():
            with journal.lock(self._lock, wait=True):
                self._finish_switch()

    def _finish_switch(self) -> None:
        if self._switch.is_dir():
            for name in (KEY, CERTIFICATE, CONFIG):
                if (self._switch / name).exists():
                    journal.patiently(os.replace, self._switch / name, self.folder / name)
            self._switch.rmdir()

    def deactivate(self) -> None:
        """Take the active thing's copies and entries away from the top of the project."""
        for name in (KEY, CERTIFICATE):
            (self.folder / name).unlink(missing_ok=True)
        self.change_config(**dict.fromkeys(_ACTIVE_KEYS))

    def remove_resources(self) -> None:
        """Remove the folder of the things once it holds none."""
        if not self.things() and not (self.resources / SERVED).exists():
            shutil.rmtree(self.resources, ignore_errors=True)
