"""A label for a board: its thing's name, as a QR code and in letters."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from .. import journal

if TYPE_CHECKING:
    import segno

_MARGIN = 4  # modules of white around the code (ISO/IEC 18004, 6.3.8)
_LETTERS = 4.0  # height of the name, in modules
_WIDTH = 0.62  # of a letter of a monospaced font, of its height
_HALVES = {(0, 0): " ", (1, 0): "\u2580", (0, 1): "\u2584", (1, 1): "\u2588"}  # (upper module, lower module), 1: dark


def write(folder: Path, name: str) -> list[Path]:
    """Write NAME.svg and NAME.txt into a folder, which is made when it is not there; -> their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    safe = name.replace(":", ".")  # no file of Windows has a colon in its name
    found = {folder / f"{safe}.svg": svg(name), folder / f"{safe}.txt": text(name)}
    for path, content in found.items():
        journal.write(path, content)
    return list(found)


def svg(name: str) -> str:
    """The label as a picture that grows with its paper."""
    code = _code(name)
    side = code.symbol_size(border=_MARGIN)[0]
    size = min(_LETTERS, (side - 2) / (_WIDTH * len(name)))
    words = f'<text x="{side / 2}" y="{side + size / 2:.2f}" font-family="monospace" font-size="{size:.2f}" '
    words += f'text-anchor="middle">{name}</text>'
    view = f'viewBox="0 0 {side} {side + size + 1:.2f}"'
    picture = code.svg_inline(border=_MARGIN, light="#fff")
    return f'<svg xmlns="http://www.w3.org/2000/svg" {view}>{picture}{words}</svg>\n'


def text(name: str) -> str:
    """The label in half blocks of Unicode, dark as dark: for paper, or a light terminal."""
    rows = [list(row) for row in _code(name).matrix_iter(border=_MARGIN)]
    rows += [[0] * len(rows[0])] * (len(rows) % 2)
    lines = [
        "".join(_HALVES[bool(upper), bool(lower)] for upper, lower in zip(*pair, strict=True))
        for pair in zip(rows[::2], rows[1::2], strict=True)
    ]
    return "\n".join(line.rstrip() for line in [*lines, name.center(len(rows[0]))]) + "\n"


def _code(name: str) -> segno.QRCode:
    import segno

    return segno.make_qr(name, error="m")
