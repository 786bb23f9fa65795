"""umqtt.simple 1.3.4 from PyPI, for interpreters that do not have it frozen in (standard library only)."""

import shutil
import tarfile
import tempfile
from pathlib import Path

from .system import SetupError, run, say

FOLDER = Path(__file__).resolve().parent.parent / ".cache" / "umqtt"
_RELEASE = "micropython-umqtt.simple==1.3.4"


def get(unearth: Path) -> Path:
    """Download the release once and return the folder to put on the module path.

    Its sdist has no build that pip accepts; unearth downloads it as pip would, without building it.
    """
    module = FOLDER / "umqtt" / "simple.py"
    if not module.exists():
        say(f"downloading {_RELEASE} from PyPI")
        with tempfile.TemporaryDirectory() as scratch:
            run([unearth, _RELEASE, "--download", scratch])
            source = _extract(Path(scratch))
            module.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, module)
    return FOLDER


def _extract(folder: Path) -> Path:
    for archive in folder.glob("*.tar.gz"):
        with tarfile.open(archive) as contents:
            for member in contents:
                if member.name.endswith("umqtt/simple.py"):
                    target = folder / "simple.py"
                    target.write_bytes(contents.extractfile(member).read())
                    return target
    raise SetupError(f"{_RELEASE} holds no umqtt/simple.py")
