"""Where the tools keep what belongs to no project: folders of the user's that nobody else may read."""

import getpass
import os
from collections.abc import Iterator
from pathlib import Path


def folder(*names: str) -> Path:
    """A folder below the user's state folder, made when it is not there.

    https://specifications.freedesktop.org/basedir-spec/latest/
    """
    path = Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state")
    path.mkdir(parents=True, exist_ok=True)
    for name in ("thing", *names):
        path /= name
        path.mkdir(mode=0o700, exist_ok=True)
    return path


def above(folder: Path, name: str) -> Iterator[Path]:
    """The folders of this name in a folder and in those above it, the nearest first, that are this user's own."""
    found = (each / name for each in (folder, *folder.parents))
    return (data for data in found if data.is_dir() and _is_mine(data))


def _is_mine(folder: Path) -> bool:
    try:
        return folder.owner() == getpass.getuser()
    except NotImplementedError:  # on Windows, where only its owner may change it unless he has said otherwise
        return True
