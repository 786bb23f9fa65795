"""Which files of a project's folder are for a board, and what is in them."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

from ..errors import ToolError

_TEXT = (".py", ".json")
# For people and their computers, in the top folder.
_DOCUMENTS = (".md", ".rst", ".toml", ".cfg", ".ini", ".lock", ".ipynb")
_DOCUMENT_NAMES = ("license", "makefile", "requirements.txt", "boot_out.txt")
_KEY_MARK = b"PRIVATE KEY-----"
_DER_BYTES = 4096  # of the largest private key


def walk(folder: Path) -> Iterator[Path]:
    """The files in a folder and those below, in order; nothing hidden, no bytecode and no virtual environment.
    ToolError for a link out of it: what is there is not the project's."""
    top = folder.resolve()
    for parent, folders, files in os.walk(folder):
        if "pyvenv.cfg" in files:
            folders.clear()
            continue
        folders[:] = sorted(name for name in folders if not name.startswith((".", "__pycache__")))
        for path in [Path(parent, name) for name in (*folders, *sorted(files)) if not name.startswith(".")]:
            if path.is_symlink() and not path.resolve().is_relative_to(top):
                raise ToolError(f"{path} is a link out of the project, to {path.resolve()}: copy what the board needs")
            if path.is_file():
                yield path


def read(path: Path) -> bytes:
    """A file's bytes; code and JSON without the mark that Windows begins them with, and only as UTF-8."""
    data = path.read_bytes()
    if path.suffix not in _TEXT:
        return data
    try:
        return data.decode("utf-8-sig").encode()
    except UnicodeDecodeError as error:
        raise ToolError(f"{path} is no UTF-8 text ({error.reason} at byte {error.start}): save it as UTF-8") from error


def version(folder: Path) -> str | None:
    """The VERSION = "..." that a program says of itself, in one of the files of its folder."""
    for path in sorted(folder.glob("*.py")):
        found = re.search(r"""^VERSION\s*=\s*["']([^"']+)["']""", read(path).decode(), re.MULTILINE)
        if found:
            return found.group(1)
    return None


def is_for_people(path: Path, folder: Path) -> bool:
    """Whether a file in the top folder is a document, or for tools of a computer."""
    return path.parent == folder and (path.suffix in _DOCUMENTS or path.name.lower() in _DOCUMENT_NAMES)


def is_key(data: bytes) -> bool:
    """Whether there is a private key in this, as PEM or DER."""
    if _KEY_MARK in data:
        return True
    if not data.startswith(b"0") or len(data) > _DER_BYTES:
        return False
    from cryptography.hazmat.primitives.serialization import load_der_private_key

    try:
        load_der_private_key(data, None)
    except TypeError:  # one with a password
        return True
    except Exception:
        return False
    return True
