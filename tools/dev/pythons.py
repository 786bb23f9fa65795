"""Runs the tests of the host and of CPython with each Python that the project is for and that is on the PATH.

`make pythons`; each Python has a venv of its own under .cache. What is not there is named, and not run.
"""

import os
import subprocess
import sys

from ..cache import FOLDER, ROOT
from ..errors import ToolError
from .setup import make_venv

_MINORS = range(10, 15)
_WITHOUT_LOCAL_AWS = "python3.10"
_ABOUT = "import platform, ssl; print(platform.python_version(), 'with', ssl.OPENSSL_VERSION)"
_TESTS = ["-q", "-n", "6", "--dist", "load", "--maxschedchunk", "1", "-k", "not mp32 and not mp64", "tests"]


def main() -> int:
    found: dict[str, str | None] = {f"python3.{minor}": None for minor in _MINORS}
    for name in found:
        about = _about(name)
        if about:
            print(f"\n{about}", flush=True)
            found[name] = f"{about}: {'failed' if _test(name) else 'passed'}"
    print()
    for name, outcome in found.items():
        print(f"  {name:<12}{outcome or 'none on the PATH that starts: not run'}")
    return 0 if any(found.values()) and not any(": failed" in (outcome or "") for outcome in found.values()) else 1


def _about(name: str) -> str | None:
    """Version and OpenSSL of a Python on the PATH; None where it is not, or does not start (a shim)."""
    try:
        done = subprocess.run([name, "-c", _ABOUT], capture_output=True, text=True)
    except OSError:
        return None
    return None if done.returncode else done.stdout.strip()


def _test(name: str) -> int:
    folder = FOLDER / name
    make_venv(folder, name)
    # The local AWS takes no Python 3.10: it runs on that of .venv.
    environment = {**os.environ, "MINISTACK_PYTHON": sys.executable}
    options: list[str] = []
    if name == _WITHOUT_LOCAL_AWS:
        print("not run: what starts the local AWS as a user does (`thing cloud up` says that it takes no such Python)")
        options = ["-m", "not power and not local_aws"]
    command = [str(folder / "bin/python"), "-m", "pytest", *options, *_TESTS]
    return subprocess.run(command, cwd=ROOT, env=environment).returncode


if __name__ == "__main__":
    try:
        sys.exit(main())
    except ToolError as error:
        sys.exit(f"setup: {error}")
