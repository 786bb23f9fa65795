"""Files that are whole or not there at all, however the program ends."""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any, TypeVar

from .errors import ToolError
from .shapes import Json

_T = TypeVar("_T")
SECRET = 0o600
_PUBLIC = 0o644
_LOOK_S = 0.1
_OPEN_S = 5 if sys.platform == "win32" else 0  # the longest that another command may have a file open


def write(path: Path, content: str | bytes, mode: int = _PUBLIC, ending: str = "new") -> None:
    """Replace a file by these bytes or text in one step; OSError leaves the old one as it was.

    What a kill leaves of it has this ending.
    The content is on the disk before the name is, and the name before this returns: a cut of the power leaves the old
    file or the new one, later only the new one.
    """
    if isinstance(content, str):
        content = content.encode()
    scratch = path.with_name(f"{path.name}.{os.getpid()}.{ending}")
    try:
        scratch.unlink(missing_ok=True)  # one that a process of the same number left may have other rights
        with open(os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        patiently(os.replace, scratch, path)
        sync(path.parent)
    except BaseException as error:
        with contextlib.suppress(OSError):
            scratch.unlink()
        if isinstance(error, OSError) and error.filename is None:
            error.filename = str(path)  # a full disk is reported at write(), which knows no name
        raise


def patiently(change: Callable[..., _T], *words: Any) -> _T:
    """What change(*words) gives; on Windows nobody replaces a file that is open, nor opens one that is being replaced:
    there a PermissionError is waited out.

    https://learn.microsoft.com/en-us/windows/win32/api/fileapi/nf-fileapi-createfilew (FILE_SHARE_DELETE)
    """
    end = time.monotonic() + _OPEN_S
    while True:
        try:
            return change(*words)
        except PermissionError:
            if time.monotonic() >= end:
                raise
        time.sleep(_LOOK_S)


def sync(folder: Path) -> None:
    """Have the names in a folder on the disk."""
    if sys.platform == "win32":  # where a folder cannot be opened
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_json(path: Path, document: Json, mode: int = _PUBLIC) -> None:
    """write() of a JSON document that a person may edit."""
    write(path, as_json(document), mode)


def as_json(document: Json) -> str:
    """A JSON document as it stands in a file that a person may edit."""
    return json.dumps(document, indent=4) + "\n"


def read_json(path: Path) -> Json:
    """The JSON object in a file; ToolError says the line and column where it is broken. The file is never touched."""
    document = parse(path)
    if not isinstance(document, dict):
        raise ToolError(f"{path} holds {type(document).__name__}, not a JSON object; mend it and run this again")
    return document


def parse(path: Path) -> Any:
    """The JSON in a file, as read_json() has it, of any type."""
    try:
        return json.loads(patiently(path.read_bytes).decode("utf-8-sig"))  # Windows begins files with a mark
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise ToolError(f"{path} is no valid JSON: {error.msg} at {place}; mend it and run this again") from error
    except UnicodeDecodeError as error:
        raise ToolError(f"{path} is no UTF-8 text; mend it and run this again") from error
    except (RecursionError, ValueError) as error:  # nested without end, a number of thousands of digits
        raise ToolError(f"{path} is no JSON that can be read: {error}; mend it and run this again") from error


@contextlib.contextmanager
def lock(path: Path, wait: bool = False) -> Iterator[None]:
    """Hold a lock file for one command at a time; ToolError when another has it, or wait. It dies with its process."""
    file = None
    while file is None:
        file = _locked(path, wait)
    with file:
        yield


def _locked(path: Path, wait: bool) -> IO[bytes] | None:
    """The lock file, locked; None if the command that had it has deleted it meanwhile: a lock on nothing."""
    with contextlib.ExitStack() as unless_locked:
        try:
            path.parent.mkdir(mode=0o700, exist_ok=True)
            # what a link of somebody else's points to is neither emptied nor waited for
            flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0)
            file = unless_locked.enter_context(open(os.open(path, flags, SECRET), "r+b"))
            _take(file, wait)
            same = os.path.samestat(os.fstat(file.fileno()), os.stat(path))
        except BlockingIOError:
            raise ToolError(f"another `thing` command is at work in {path.parent}; wait for it to end") from None
        except FileNotFoundError:
            same = False
        if same:
            unless_locked.pop_all()
            return file
    return None


def _take(file: IO[bytes], wait: bool) -> None:
    """Lock an open file; BlockingIOError when another process has it, unless wait."""
    try:
        import fcntl
    except ImportError:
        _take_on_windows(file, wait)
        return
    fcntl.flock(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))


def _take_on_windows(file: IO[bytes], wait: bool) -> None:
    """The same by https://docs.python.org/3/library/msvcrt.html#msvcrt.locking, whose own waiting ends after 10 s."""
    msvcrt: Any = importlib.import_module("msvcrt")
    while True:
        try:
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
            return
        except OSError:
            if not wait:
                raise BlockingIOError from None
        time.sleep(_LOOK_S)
