"""Where the tools keep what they can make or fetch again: a checkout's .cache, else a folder in the user's cache."""

import importlib.metadata
import os
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def _folder() -> Path:
    if (ROOT / "pyproject.toml").exists():
        return ROOT / ".cache"
    # Installed: beside this file are other packages, and it may not be ours to write there.
    # https://specifications.freedesktop.org/basedir-spec/latest/
    users = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(users) / "aws_iot" / importlib.metadata.version("micropython-aws-iot")


FOLDER = _folder()
