"""Of which things this computer has the keys, and in which project."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from .project import CONFIG, Project

if TYPE_CHECKING:
    from ..cloud.aws import Aws


def kept(aws: Aws, folder: Path) -> dict[str, str]:
    """The things of the projects in a folder, and of the folder itself, that were made in this account and region, each
    with its project's folder."""
    found = {}
    for path in (folder, *sorted(each for each in folder.iterdir() if each.is_dir())):
        project = Project(path)
        for name in project.things() if (path / CONFIG).is_file() else ():
            arn = project.record(name).get("thing_arn") or project.record(name).get("cert_arn") or ""
            if arn.startswith(f"{aws.arn_prefix}:"):
                found[name] = str(path)
    return found
