"""The library in a ROMFS image, as boards have it whose firmware has a partition for that."""

import contextlib
import io
import os
import shutil
from pathlib import Path

from aws_iot_tools.board import mpy
from mpremote.romfs import make_romfs

from . import ROOT, program, umqtt_versions
from .runtimes import Runtime


def image(folder: Path) -> bytes:
    """What mpremote's builder makes of this folder."""
    with contextlib.redirect_stdout(io.StringIO()):
        return make_romfs(str(folder), mpy_cross=False)


class InRom(Runtime):
    """32-bit MicroPython that has the library in an image, and nothing else to import it from."""

    def __init__(self, folder: Path) -> None:
        """The image is made in this folder."""
        super().__init__("mp32")
        library = folder / "rom" / "lib"
        shutil.copytree(mpy.compile_package(ROOT / "aws_iot"), library / "aws_iot")
        shutil.copytree(umqtt_versions.folder(self.umqtt_version, "mpy") / "umqtt", library / "umqtt")
        self.image = folder / "image"
        self.image.write_bytes(image(library.parent))

    def command(self, script, *arguments, heap: str | None = None) -> list:
        return super().command(program("harness", "from_rom"), self.image, script, *arguments, heap=heap)

    def environment(self, form: str = "mpy", extra_paths: tuple = ()) -> dict:
        return {**os.environ, "MICROPYPATH": ".frozen"}
