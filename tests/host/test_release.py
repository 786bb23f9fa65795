"""What `make release` refuses, and what it makes of the library for boards; the whole of it is `make release`."""

import importlib.metadata
import json
import subprocess
import zipfile

import pytest
from aws_iot_tools.dev import release
from aws_iot_tools.errors import ToolError
from packaging.requirements import Requirement

import aws_iot

from ..harness import ROOT


def _folder(path, changelog: str, version: str = aws_iot.__version__):
    (path / "CHANGELOG.md").write_text(changelog)
    for name in ("package.json", "package-mpy.json"):
        (path / name).write_text(json.dumps({"version": version}))
    return path


@pytest.mark.parametrize(
    ("changelog", "version", "words"),
    [
        ("# Changelog\n", aws_iot.__version__, "has no entry"),
        (f"## {aws_iot.__version__}, unreleased\n", aws_iot.__version__, "and not of a day"),
        (f"## {aws_iot.__version__}, 2026-11-30\n", "0.0.1", "package.json is of 0.0.1"),
    ],
)
def test_a_version_that_is_not_one_is_refused(changelog, version, words, tmp_path):
    with pytest.raises(ToolError, match=words):
        release.check_version(_folder(tmp_path, changelog, version))


def test_this_version_is_one():
    assert release.check_version() == aws_iot.__version__


def test_a_licence_that_nobody_looked_at_is_refused():
    release.check_licences([{"Name": "a", "License": "MIT License"}, {"Name": "b", "License": "BSD-3-Clause"}])
    for licence in ("UNKNOWN", "GNU General Public License v3 (GPLv3)", "Proprietary"):
        with pytest.raises(ToolError, match="nobody looked at"):
            release.check_licences([{"Name": "c", "License": licence}])


def _installed(name: str, extras: frozenset, found: dict) -> dict:
    """{name: the licence that its metadata say} of a package, and of all that comes with it."""
    metadata = importlib.metadata.metadata(name)
    classifiers = [line for line in metadata.get_all("Classifier") or [] if line.startswith("License")]
    found[name] = metadata.get("License-Expression") or "; ".join([*classifiers, metadata.get("License", "")])
    for line in importlib.metadata.requires(name) or []:
        needed = Requirement(line)
        wanted = not needed.marker or any(needed.marker.evaluate({"extra": extra}) for extra in extras | {""})
        if wanted and needed.name not in found:
            _installed(needed.name, frozenset(needed.extras), found)
    return found


def test_the_licence_of_what_a_user_can_have_installed_is_known():
    """Else a new dependency would be noticed by `make release` alone."""
    extras = importlib.metadata.metadata("micropython-aws-iot").get_all("Provides-Extra")
    found = _installed("micropython-aws-iot", frozenset(extras), {})
    assert {"ministack", "nicegui", "pygal"} <= set(found)
    release.check_licences([{"Name": name, "License": licence} for name, licence in found.items()])


def test_the_bundle_for_boards_holds_what_its_list_names(tmp_path, monkeypatch):
    monkeypatch.setattr(release, "DIST", tmp_path)
    with zipfile.ZipFile(release.bundle_mpy("1.2.3")) as archive:
        package = json.loads(archive.read("package.json"))
        assert {url for _, url in package["urls"]} | {"package.json"} == set(archive.namelist())
        assert archive.read("aws_iot/thing.mpy")[:1] == b"M"
    assert package["version"] == aws_iot.__version__


def test_checksums_are_those_of_the_files(tmp_path):
    (tmp_path / "a").write_bytes(b"a")
    (tmp_path / "b").write_bytes(b"b")
    release.checksums(tmp_path)
    check = ["sha256sum", "--check", "--strict", "SHA256SUMS"]
    assert subprocess.run(check, cwd=tmp_path, capture_output=True).returncode == 0
    (tmp_path / "b").write_bytes(b"c")
    assert subprocess.run(check, cwd=tmp_path, capture_output=True).returncode == 1


def test_the_distribution_takes_the_library_s_version():
    assert 'dynamic = ["version"]' in (ROOT / "pyproject.toml").read_text()
