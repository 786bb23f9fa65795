"""Runs `thing` with what Python lacks or has otherwise on Windows, of which there is none here: windows.py WORDS ...

It stands in for a Windows as far as Python's documentation tells how the two differ, page by page below. What it cannot
stand in for: the file system, consoles, and what other packages do there, so those are loaded before.
"""

import fcntl
import os
import pathlib
import shutil
import signal
import ssl
import sys
import types
import warnings

import boto3  # noqa: F401
import click  # noqa: F401
import cryptography.hazmat.primitives.asymmetric.ec  # noqa: F401
import mpremote.transport_serial  # noqa: F401
import rich.progress  # noqa: F401

_kill, _open, _unlink, _rename, _replace = os.kill, os.open, os.unlink, os.rename, os.replace


def _locking(descriptor: int, mode: int, size: int) -> None:
    """https://docs.python.org/3/library/msvcrt.html#msvcrt.locking"""
    assert mode == 2
    try:
        fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB, size)
    except OSError as error:
        raise PermissionError(13, "Permission denied") from error


def _unless_open(*paths) -> None:
    """PermissionError while this process (the others are not asked) has one of these files open, or what is in such a
    folder.

    Python's open() shares a file for reading and writing, not for deleting and renaming it:
    https://learn.microsoft.com/en-us/windows/win32/api/fileapi/nf-fileapi-createfilew
    """
    real = [os.path.realpath(path) for path in paths]
    for name in os.listdir("/proc/self/fd"):
        try:
            opened = os.readlink(f"/proc/self/fd/{name}")
        except FileNotFoundError:  # closed meanwhile: that of the list at least
            continue
        for path in real:
            if opened == path or opened.startswith(f"{path}{os.sep}"):
                raise PermissionError(13, "Permission denied", path)


def _unlink_there(path, **more) -> None:
    """https://docs.python.org/3/library/os.html#os.remove"""
    _unless_open(path)
    _unlink(path, **more)


def _replace_there(source, target) -> None:
    """https://docs.python.org/3/library/os.html#os.replace"""
    _unless_open(source, target)
    _replace(source, target)


def _rename_there(source, target) -> None:
    """https://docs.python.org/3/library/os.html#os.rename"""
    if os.path.exists(target):
        raise FileExistsError(17, "File exists", str(source), None, str(target))
    _unless_open(source)
    _rename(source, target)


def _kill_there(pid: int, number: int) -> None:
    """https://docs.python.org/3/library/os.html#os.kill: whatever it is, it ends the process, at once."""
    _kill(pid, signal.SIGKILL)


def _open_there(path, flags, mode=0o777, **more):
    if os.path.isdir(path):
        raise PermissionError(13, "Permission denied", str(path))
    return _open(path, flags, mode, **more)


def _owner(path) -> str:
    """https://docs.python.org/3/library/pathlib.html#pathlib.Path.owner"""
    raise NotImplementedError("Path.owner() is unsupported on this system")


class _Kernel:
    """OpenProcess, GetExitCodeProcess, GetProcessTimes: for a living process, a handle, 259, and when it was made."""

    class OpenProcess:
        def __new__(cls, rights, inherit, pid):
            try:
                _kill(pid, 0)
                state = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
                return None if state == "Z" else pid
            except OSError:
                return None

    @staticmethod
    def GetExitCodeProcess(handle, code):
        code._obj.value = 259
        return 1

    @staticmethod
    def GetProcessTimes(handle, made, *others):
        made._obj.value = int(pathlib.Path(f"/proc/{handle.value}/stat").read_text().rpartition(")")[2].split()[19])
        return 1

    @staticmethod
    def CloseHandle(handle):
        return 1


def play() -> None:
    """Make this process one of Windows, for the code of the tools."""
    import ctypes

    for name in ("O_NOFOLLOW", "fchmod", "getuid", "geteuid", "fork"):
        delattr(os, name)
    os.kill, os.open = _kill_there, _open_there
    os.rename, os.replace, os.unlink, os.remove = _rename_there, _replace_there, _unlink_there, _unlink_there
    shutil._use_fd_functions = False  # rmtree() opens folders where that can be done; since 3.14 by:
    shutil._rmtree_impl = shutil._rmtree_unsafe
    for path in (pathlib.Path, pathlib.PosixPath):
        path.owner = _owner
    sys.modules["fcntl"] = sys.modules["pwd"] = sys.modules["grp"] = None
    sys.modules["msvcrt"] = types.SimpleNamespace(locking=_locking, LK_NBLCK=2)
    # https://docs.python.org/3/library/ssl.html#ssl.enum_certificates: of an empty store
    ssl.enum_certificates = lambda store: []
    ctypes.windll = types.SimpleNamespace(kernel32=_Kernel())
    sys.platform = "win32"
    # A file of text is in the code page, too, unless its encoding is named; python -X warn_default_encoding tells it.
    # https://docs.python.org/3/library/io.html#opt-in-encodingwarning
    warnings.filterwarnings("error", category=EncodingWarning, module="aws_iot_tools")
    sys.stdout.reconfigure(encoding="cp1252", errors="strict")


if __name__ == "__main__":
    play()
    from aws_iot_tools.main import main

    main(sys.argv[1:])
