"""Makes a release of this checkout, into dist/, and examines it: `make release`. It uploads nothing.

What is in it: wheel and sdist, the .mpy files with their list for mip, the site, the licences of what is installed with
the wheel, the bill of materials of that (CycloneDX), and a checksum of each.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import re
import shutil
import sys
import tarfile
import tempfile
import venv
import zipfile
from pathlib import Path

import aws_iot

from ..board import mpy
from ..cache import ROOT
from ..errors import ToolError
from . import distribution, mip, site
from .setup import PACKAGING, VENV
from .system import run, say

DIST = ROOT / "dist"
_BIN = PACKAGING / "bin"
_PACKAGE = "micropython-aws-iot"
# What may be installed beside MIT-licensed code by whoever uses it; a licence that is not here is looked at first.
_LICENCES = re.compile(
    r"\b(MIT|BSD|0BSD|Apache|ISC|Python Software Foundation|PSF|Mozilla Public License 2|MPL|Eclipse|EPL|Unlicense"
    r"|LGPLv3\+?|Lesser General Public License v3)(?!\w)"  # of a library that is installed as it is, and not changed
)


def check_version(folder: Path = ROOT) -> str:
    """The version, which is one wherever it stands, and has its entry in the changelog. ToolError where not."""
    version = aws_iot.__version__
    for name in ("package.json", "package-mpy.json"):
        found = json.loads((folder / name).read_text())["version"]
        if found != version:
            raise ToolError(f"{name} is of {found}, the library of {version}: `make mpy`")
    entry = re.search(rf"^## {re.escape(version)}, (.*)$", (folder / "CHANGELOG.md").read_text(), re.MULTILINE)
    if not entry:
        raise ToolError(f"CHANGELOG.md has no entry `## {version}, YEAR-MONTH-DAY`")
    if not re.fullmatch(r"\d{4}-\d\d-\d\d", entry.group(1)):
        raise ToolError(f"CHANGELOG.md: {version} is of {entry.group(1)!r}, and not of a day")
    return version


def check_clean() -> None:
    """Whether what is built is what is committed."""
    changed = run(["git", "status", "--porcelain"], cwd=ROOT)
    if changed:
        raise ToolError(f"not committed, so not to be released: {', '.join(changed.split()[1::2])}")


def bundle_mpy(version: str) -> Path:
    """A zip of the compiled library with package.json, of which mip installs where it is unpacked on a web server."""
    target = DIST / f"aws_iot-{version}-mpy.zip"
    mpy.compile_package(ROOT / "aws_iot")
    package = json.loads(mip.packages()["package-mpy.json"])
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, source in package["urls"]:
            archive.writestr(zipfile.ZipInfo(name), (ROOT / source).read_bytes())
        package["urls"] = [[name, name] for name, _ in package["urls"]]
        archive.writestr(zipfile.ZipInfo("package.json"), json.dumps(package, indent=2) + "\n")
    return target


def pack_site(version: str) -> Path:
    target = DIST / f"aws_iot-{version}-docs.tar.gz"
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        site.lay_out(folder / "laid-out")
        site.build(folder / "laid-out", folder / "site")
        with tarfile.open(target, "w:gz") as archive:
            archive.add(folder / "site", f"aws_iot-{version}-docs")
    return target


def install(wheel: Path, folder: Path) -> Path:
    """Install the wheel, with all extras, into an environment of its own, and start it; -> its Python."""
    extras = ",".join(importlib.metadata.metadata(_PACKAGE).get_all("Provides-Extra") or [])
    venv.create(folder, symlinks=True)
    python = folder / "bin" / "python"
    wheels = ["--no-index", "--find-links", VENV / "wheels"]  # those of the pins
    run([VENV / "bin/python", "-m", "pip", "--python", python, "install", "--quiet", *wheels, f"{wheel}[{extras}]"])
    said = run([folder / "bin" / "thing", "--version"]).strip()
    if said != f"thing {aws_iot.__version__}":
        raise ToolError(f"the installed command is another version: {said}")
    run([python, "-c", "from aws_iot import Thing, Shadow, MQTTClient, jobs, fota, web"], cwd=folder)
    run([folder / "bin" / "thing", "new", "demo"], cwd=folder)
    return python


def licences(python: Path) -> Path:
    """The licence of each package that is installed there. ToolError with those that are to be looked at first."""
    target = DIST / "licences.json"
    words = ["--python", python, "--from", "mixed", "--format", "json", "--with-urls"]
    target.write_text(run([_BIN / "pip-licenses", *words]))
    check_licences(json.loads(target.read_text()))
    return target


def check_licences(packages: list[dict[str, str]]) -> None:
    wrong = [f"{each['Name']} ({each['License']})" for each in packages if not _LICENCES.search(each["License"])]
    if wrong:
        raise ToolError(f"licences that nobody looked at yet: {', '.join(wrong)}")


def bill_of_materials(python: Path) -> Path:
    target = DIST / "sbom.cdx.json"
    words = ["environment", "--pyproject", ROOT / "pyproject.toml", "--output-reproducible", "--output-file", target]
    run([_BIN / "cyclonedx-py", *words, python])
    named = {_plain(each["name"]) for each in json.loads(target.read_text())["components"]}
    needed = importlib.metadata.requires(_PACKAGE) or []
    lacking = {_plain(re.split(r"[\s<>=!\[;]", line)[0]) for line in needed} - named
    if lacking:
        raise ToolError(f"the bill of materials lacks {', '.join(sorted(lacking))}")
    return target


def _plain(name: str) -> str:
    """A package's name as PyPI compares it (https://packaging.python.org/en/latest/specifications/name-normalization)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def checksums(folder: Path = DIST) -> Path:
    """SHA256SUMS, as `sha256sum --check` reads it."""
    target = folder / "SHA256SUMS"
    files = sorted(path for path in folder.iterdir() if path != target)
    target.write_text("".join(f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n" for path in files))
    return target


def main() -> int:
    check_clean()
    version = check_version()
    shutil.rmtree(DIST, ignore_errors=True)
    DIST.mkdir()
    say("building wheel and sdist, and asking twine")
    sdist, wheel = distribution.build(DIST)
    distribution.check(sdist, wheel)
    say("compiling for boards")
    bundle_mpy(version)
    say("building the site")
    pack_site(version)
    with tempfile.TemporaryDirectory() as scratch:
        say("installing the wheel where nothing else is")
        python = install(wheel, Path(scratch) / "env")
        say("looking at licences, writing the bill of materials")
        licences(python)
        bill_of_materials(python)
    checksums()
    for path in sorted(DIST.iterdir()):
        print(path.relative_to(ROOT))
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except ToolError as error:
        sys.exit(f"release: {error}")
