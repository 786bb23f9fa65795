"""The files that the tools keep: whole, nobody else's, and never a way to somebody else's files."""

import os
import stat

import pytest
from aws_iot_tools import journal, state
from aws_iot_tools.errors import ToolError


def test_a_lock_that_is_a_link_is_not_followed(tmp_path):
    """In a folder that others may write to, somebody might have put it there."""
    target = tmp_path / "of somebody else"
    target.write_text("text")
    (tmp_path / ".lock").symlink_to(target)
    with pytest.raises(OSError, match="symbolic links"), journal.lock(tmp_path / ".lock"):
        pass
    assert target.read_text() == "text"


@pytest.mark.parametrize(
    "text, reason",
    [('{"a":' * 100_000, "no JSON that can be read"), ('{"a": ' + "9" * 5000 + "}", "no JSON that can be read"),
     ('{"a": 1,}', "line 1, column "), ("[1]", "holds list")],
    ids=["levels", "digits", "comma", "list"],
)  # fmt: skip
def test_what_is_no_json_object_is_said_and_left(tmp_path, text, reason):
    path = tmp_path / "thing.conf.json"
    path.write_text(text)
    with pytest.raises(ToolError, match=reason):
        journal.read_json(path)
    assert path.read_text() == text


def test_a_name_is_on_the_disk_before_write_returns(tmp_path, monkeypatch):
    """The content first, then the name: a cut of the power leaves the one file or the other, and no empty one."""
    done, sync, replace = [], os.fsync, os.replace

    def synced(descriptor):
        done.append("folder" if stat.S_ISDIR(os.fstat(descriptor).st_mode) else os.fstat(descriptor).st_size)
        sync(descriptor)

    monkeypatch.setattr(os, "fsync", synced)
    monkeypatch.setattr(os, "replace", lambda *names: (done.append("name"), replace(*names)))
    journal.write(tmp_path / "key", "secret", journal.SECRET)
    assert done == [len("secret"), "name", "folder"]


def test_nobody_else_may_look_whatever_the_umask_is(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    before = os.umask(0)
    try:
        folder = state.folder("here")
        journal.write(folder / "key", "secret", journal.SECRET)
    finally:
        os.umask(before)
    for path in (folder, folder.parent, folder / "key"):
        assert not stat.S_IMODE(path.stat().st_mode) & 0o077, path


def test_a_public_file_is_no_wider_than_the_umask(tmp_path):
    before = os.umask(0o077)
    try:
        journal.write_json(tmp_path / "thing.conf.json", {})
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "thing.conf.json").stat().st_mode) == 0o600
