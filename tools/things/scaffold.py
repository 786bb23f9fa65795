"""A new project from the template that comes with the tools."""

from __future__ import annotations

import shutil
from pathlib import Path

from .. import journal
from ..errors import ToolError

_SOURCE = Path(__file__).parents[1] / "template"


def make(name: str, folder: str | Path, endpoint: str | None, policy_name: str | None) -> Path:
    """Make the project folder/name; ToolError when something of that name is there. -> its Path."""
    target = Path(folder) / name
    scratch = target.with_name(f".{name}.new")
    if not target.parent.is_dir():
        raise ToolError(f"there is no folder {target.parent}")
    if target.exists():
        raise ToolError(f"{target} exists already; it is left as it is")
    shutil.rmtree(scratch, ignore_errors=True)
    try:
        shutil.copytree(_SOURCE, scratch, ignore=shutil.ignore_patterns("__pycache__"))
        readme = scratch / "readme.md"
        readme.write_bytes(readme.read_bytes().replace(b"{{name}}", name.encode()))
        config = journal.read_json(scratch / "thing.conf.json")
        journal.write_json(scratch / "thing.conf.json", {**config, "endpoint": endpoint, "policy_name": policy_name})
        scratch.rename(target)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return target
