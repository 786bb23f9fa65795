"""umqtt.simple 1.3.4 from PyPI, for interpreters that do not have it frozen in (standard library only)."""

import tarfile
import tempfile
from pathlib import Path

from .system import SetupError, run, say

FOLDER = Path(__file__).resolve().parent.parent / ".cache" / "umqtt"


def get(unearth: Path) -> Path:
    """Download the release once and return the folder to put on the module path."""
    download(unearth, "micropython-umqtt.simple==1.3.4", "umqtt/simple.py", FOLDER / "umqtt" / "simple.py")
    return FOLDER


def download(unearth: Path, release: str, member: str, target: Path) -> None:
    """Put one file of a release on PyPI into its place, unless it is there.

    The sdists of micropython-lib have no build that pip accepts; unearth downloads them as pip would, without building.
    """
    if target.exists():
        return
    say(f"downloading {release} from PyPI")
    with tempfile.TemporaryDirectory() as scratch:
        run([unearth, release, "--download", scratch])
        content = _read(Path(scratch), member)
    if content is None:
        raise SetupError(f"{release} holds no {member}")
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(content)


def _read(folder: Path, member: str) -> bytes | None:
    for archive in folder.glob("*.tar.gz"):
        with tarfile.open(archive) as contents:
            for found in contents:
                if found.name.endswith(member):
                    return contents.extractfile(found).read()
    return None
