"""umqtt.simple 1.3.4 from PyPI, for interpreters that do not have it frozen in (standard library only)."""

import hashlib
import subprocess
import tarfile
import tempfile
from pathlib import Path

from .. import cache
from ..errors import ToolError

FOLDER = cache.FOLDER / "umqtt"
_RELEASE = "micropython-umqtt.simple==1.3.4"
_SHA256 = "8555d2f654deb8eb0d724f79b0811a78cc94029d070f3d96bbd74288653d63a5"


def there() -> bool:
    """Whether it was downloaded before."""
    return (FOLDER / "umqtt" / "simple.py").exists()


def get(unearth: Path) -> Path:
    """Download the release once and return the folder to put on the module path."""
    download(unearth, _RELEASE, "umqtt/simple.py", _SHA256, FOLDER / "umqtt" / "simple.py")
    return FOLDER


def download(unearth: Path, release: str, member: str, sha256: str, target: Path) -> None:
    """Put one file of a release on PyPI into its place, unless it is there; ToolError when it is another than it was.

    The sdists of micropython-lib have no build that pip accepts; unearth downloads them as pip would, without building.
    """
    if target.exists():
        return
    with tempfile.TemporaryDirectory() as scratch:
        done = subprocess.run(
            [unearth, release, "--download", scratch], capture_output=True, encoding="utf-8", errors="replace"
        )
        if done.returncode:
            raise ToolError(f"{release} cannot be downloaded from PyPI:\n{done.stdout}{done.stderr}")
        content = _read(Path(scratch), member)
    if content is None:
        raise ToolError(f"{release} holds no {member}")
    if hashlib.sha256(content).hexdigest() != sha256:
        raise ToolError(f"{member} of {release} is not what it was when it was looked at; see tools/board/umqtt.py")
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(content)


def _read(folder: Path, member: str) -> bytes | None:
    for archive in folder.glob("*.tar.gz"):
        with tarfile.open(archive) as contents:
            for found in contents:
                if found.name.endswith(member):
                    file = contents.extractfile(found)
                    return file.read() if file else None
    return None
