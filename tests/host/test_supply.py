"""What set-up fetches is refused when it is not what it should be: a file by its hash, Debian's by their signature."""

import hashlib
import io
import tarfile

import pytest
from aws_iot_tools.board import umqtt
from aws_iot_tools.dev import debian
from aws_iot_tools.errors import ToolError

_RELEASE = "micropython-umqtt.simple==1.3.4"
_CODE = b"class MQTTClient: pass\n"


@pytest.fixture
def unearth(tmp_path):
    """Stands in for the command that downloads a release into the folder that is its last word: an sdist with _CODE."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        member = tarfile.TarInfo("micropython-umqtt.simple-1.3.4/umqtt/simple.py")
        member.size = len(_CODE)
        archive.addfile(member, io.BytesIO(_CODE))
    (tmp_path / "release.tar.gz").write_bytes(packed.getvalue())
    command = tmp_path / "unearth"
    command.write_text(f'#!/bin/sh\ncp {tmp_path / "release.tar.gz"} "$3"\n')
    command.chmod(0o755)
    return command


def test_umqtt_is_put_on_boards_only_as_it_was_when_it_was_looked_at(unearth, tmp_path):
    target = tmp_path / "umqtt" / "simple.py"
    with pytest.raises(ToolError, match="is not what it was when it was looked at"):
        umqtt.download(unearth, _RELEASE, "umqtt/simple.py", hashlib.sha256(b"another").hexdigest(), target)
    assert not target.exists()
    umqtt.download(unearth, _RELEASE, "umqtt/simple.py", hashlib.sha256(_CODE).hexdigest(), target)
    assert target.read_bytes() == _CODE


def test_packages_of_an_index_that_debian_has_not_signed_are_refused(monkeypatch, tmp_path):
    lists = tmp_path / "mirror" / "dists" / "trixie" / "main" / "binary-amd64"
    lists.mkdir(parents=True)
    packages = b"Package: micropython\nArchitecture: amd64\nVersion: 9\nFilename: micropython.deb\nSize: 1\n"
    (lists / "Packages").write_bytes(packages)
    digest = hashlib.sha256(packages).hexdigest()
    release = "Suite: trixie\nCodename: trixie\nArchitectures: amd64\nComponents: main\n"
    release += f"Date: Sat, 01 Nov 2025 00:00:00 UTC\nSHA256:\n {digest} {len(packages)} main/binary-amd64/Packages\n"
    (lists.parent.parent / "Release").write_text(release)
    monkeypatch.setenv("DEBIAN_MIRROR", (tmp_path / "mirror").as_uri())
    with pytest.raises(ToolError, match="is not signed"):
        debian.unpack("micropython", "trixie", ["amd64"], tmp_path / "unpacked")
    assert not (tmp_path / "unpacked").exists()
