"""A package of any Debian release, or its source, unpacked into a folder of ours, signature checked (standard library
only).

No system file is touched: package lists, cache and status are our own, and what is unpacked may need a newer libc than
the one here, which is unpacked with it.
"""

from __future__ import annotations

import os
import shutil
import tarfile
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ..errors import ToolError
from .system import follow, install, run

_KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")


def unpack(
    packages: str, suite: str, architectures: list[str], folder: Path, without: tuple[str, ...] = ()
) -> None:
    """Unpack the packages and what they depend on, without those packages, into folder/ARCHITECTURE, for each of the
    architectures."""
    with tempfile.TemporaryDirectory() as scratch:
        for archive in _download(Path(scratch), packages.split(), suite, architectures):
            if archive.name.partition("_")[0] in without:
                continue
            architecture = archive.stem.rsplit("_", 1)[1]
            (folder / architecture).mkdir(parents=True, exist_ok=True)
            run(["dpkg-deb", "--extract", archive, folder / architecture])


def unpack_source(package: str, suite: str, folder: Path) -> None:
    """Unpack the package's source into a new folder: upstream's, as Debian carries it, without Debian's patches."""
    with tempfile.TemporaryDirectory() as scratch:
        words = _apt(Path(scratch), "deb-src", suite)
        follow(["apt-get", *words, "--download-only", "source", package], cwd=scratch)
        (archive,) = Path(scratch).glob("*.orig.tar.*")
        with tarfile.open(archive) as contents:
            # where Python has it; apt has checked what the archive is
            safely: Any = {"filter": "data"} if hasattr(tarfile, "data_filter") else {}
            contents.extractall(Path(scratch) / "unpacked", **safely)
        (top,) = (Path(scratch) / "unpacked").iterdir()
        folder.parent.mkdir(parents=True, exist_ok=True)
        partial = folder.with_name(f"{folder.name}.new")
        shutil.rmtree(partial, ignore_errors=True)
        shutil.move(top, partial)
        partial.rename(folder)


def _download(folder: Path, packages: list[str], suite: str, architectures: list[str]) -> list[Path]:
    words = _apt(folder, "deb", suite, architectures)
    for name in architectures:  # one by one: the architectures of a package may exclude each other
        wanted = [f"{package}:{name}" for package in packages]
        follow(["apt-get", *words, "--yes", "--download-only", "--no-install-recommends", "install", *wanted])
    return sorted((folder / "cache/archives").glob("*.deb"))


def _apt(folder: Path, kind: str, suite: str, architectures: Sequence[str] = ()) -> list[str]:
    """The options with which apt-get knows that suite alone, from package lists in the folder, which are fetched."""
    if not _KEYRING.exists():
        install("debian-archive-keyring")
    for name in ("lists/partial", "cache/archives/partial"):
        (folder / name).mkdir(parents=True)
    (folder / "status").touch()
    sources = folder / "sources.list"
    options = f"arch={','.join(architectures)} " if architectures else ""
    sources.write_text(f"{kind} [{options}signed-by={_KEYRING}] {mirror()} {suite} main\n")
    settings = {
        "Dir::Etc::SourceList": sources,
        "Dir::Etc::SourceParts": "/dev/null",
        "Dir::Etc::Preferences": "/dev/null",
        "Dir::Etc::PreferencesParts": "/dev/null",
        "Dir::State::Lists": folder / "lists",
        "Dir::State::Status": folder / "status",
        "Dir::Cache": folder / "cache",
        "Acquire::AllowInsecureRepositories": "false",
        "Acquire::Languages": "none",
        "APT::Sandbox::User": "",
        "Debug::NoLocking": "true",
    }
    words = [word for name, value in settings.items() for word in ("-o", f"{name}={value}")]
    words += [word for name in architectures for word in ("-o", f"APT::Architectures::={name}")]
    follow(["apt-get", *words, "update"])
    return words


def mirror() -> str:
    """A Debian mirror: DEBIAN_MIRROR when set, else the one that apt is configured with here."""
    if os.environ.get("DEBIAN_MIRROR"):
        return os.environ["DEBIAN_MIRROR"]
    release = dict(line.split("=", 1) for line in Path("/etc/os-release").read_text().splitlines() if "=" in line)
    if release["ID"].strip('"') != "debian":
        return _templated_mirror()
    command = ["apt-get", "indextargets", "--no-release-info", "--format", "$(RELEASE) $(REPO_URI)"]
    targets = [line.split() for line in run(command).splitlines()]
    for suite, uri in targets:
        if suite == release.get("VERSION_CODENAME") and "security" not in uri:
            return uri
    raise ToolError("apt is configured with no Debian mirror; set DEBIAN_MIRROR")


def _templated_mirror() -> str:
    """The Debian mirror that Ubuntu's own apt configuration tools offer."""
    template = Path("/usr/share/python-apt/templates/Debian.info")
    if not template.exists():
        install("python-apt-common")
    for line in template.read_text().splitlines():
        if line.startswith("BaseURI:"):
            return line.split()[1]
    raise ToolError("no Debian mirror is known here; set DEBIAN_MIRROR")
