"""Writes package.json and package-mpy.json, the lists of files from which mip installs aws_iot on a board.

mip knows no wildcards, so each file is named. The .mpy files of the second list are made by `make mpy`.
"""

import json
import sys

import aws_iot

from ..board import mpy
from ..cache import ROOT


def packages() -> dict[str, str]:
    """The contents of both files, by name."""
    compiled = mpy.FOLDER.relative_to(ROOT).as_posix()
    paths = [path.relative_to(ROOT).as_posix() for path in mpy.for_board(ROOT / "aws_iot")]
    sources = [[path, path] for path in paths]
    binaries = [[source.replace(".py", ".mpy"), f"{compiled}/{source.replace('.py', '.mpy')}"] for source, _ in sources]
    return {"package.json": _package(sources), "package-mpy.json": _package(binaries)}


def _package(urls: list[list[str]]) -> str:
    # The ESP32's firmware has umqtt.simple frozen in, and its own copy goes before the one that mip puts into /lib.
    content = {"urls": urls, "deps": [["umqtt.simple", "latest"]], "version": aws_iot.__version__}
    return json.dumps(content, indent=2) + "\n"


def main() -> int:
    for name, content in packages().items():
        (ROOT / name).write_text(content)
    mpy.compile_package(ROOT / "aws_iot")
    return 0


if __name__ == "__main__":
    sys.exit(main())
