"""A board's ROMFS: files that MicroPython imports in place, in its flash, so that code takes half of the heap.

The image is made by mpremote's own builder, and the board is asked what `mpremote romfs deploy` asks. What is otherwise
here: the image's head is written last, once all else was read back, so that a cable that is pulled on the way leaves no
ROMFS rather than half of one. https://docs.micropython.org/en/latest/reference/romfs.html
"""

from __future__ import annotations

import ast
import base64
import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..errors import ToolError
from ..shapes import Json, Progress

if TYPE_CHECKING:
    from .board import Board

ROOT = "/rom"  # where MicroPython mounts it
_CHUNK = 4096  # bytes to write at once, as mpremote does; less where a block of a device is
NONE = (
    "this board's firmware has no ROMFS: stock firmware of ESP32 and RP2 boards is built without one; that of mimxrt "
    "and alif boards and of Arduino's Portenta H7, Giga and Nicla Vision has one from MicroPython 1.25 on. "
    "Flash without --romfs, or freeze aws_iot by its manifest.py"
)
_QUERY = """
try:
    import vfs
    n = vfs.rom_ioctl(1)
except (ImportError, AttributeError):
    n = 0
found = None
if n > 0:
    d = vfs.rom_ioctl(2, 0)
    if hasattr(d, 'ioctl'):
        block = d.ioctl(5, 0)
        found = d.ioctl(4, 0) * block, block, True
    else:
        block = vfs.rom_ioctl(6, 0)
        found = len(d), block if block > 0 else len(d), False
print(repr(found))
"""
_HASH = """
import hashlib, vfs
v = memoryview(vfs.rom_ioctl(2, 0))
h = hashlib.sha256()
for i in range(%d, %d, 4096):
    h.update(v[i:min(i + 4096, %d)])
print(''.join('%%02x' %% b for b in h.digest()))
"""
_BEGIN = """
import vfs
from binascii import a2b_base64 as a
d = vfs.rom_ioctl(2, 0)
try:
    vfs.umount('/rom')
except OSError:
    pass
"""
_ERASE = """
for i in range(%d):
    d.ioctl(6, i)
"""
_PREPARED_AT_ONCE = 32768  # as mpremote does: erasing more may take longer than a line is waited for


@dataclass
class Partition:
    """The ROMFS that MicroPython mounts: a block device, or memory with calls for what changes it."""

    size: int
    block: int
    device: bool


def find(board: Board) -> Partition:
    """The board's; ToolError when it has none."""
    found = ast.literal_eval(board.run(_QUERY))
    if not found:
        raise ToolError(NONE)
    return Partition(*found)


def files(board: Board) -> list[str]:
    """The paths of all that is in it now, if it is mounted."""
    mounted = ast.literal_eval(board.run(f"print({ROOT!r} in __import__('sys').path)"))
    return board.files(ROOT) if mounted else []


def image(contents: dict[str, bytes]) -> bytes:
    """The image of files ({path below the root: bytes})."""
    from mpremote.romfs import VfsRomWriter

    writer = VfsRomWriter()
    _add(writer, contents)
    return bytes(writer.finalise())


def _add(writer: Any, contents: Json) -> None:
    tree: Json = {}
    for path, data in contents.items():
        first, _, rest = path.partition("/")
        if rest:
            tree.setdefault(first, {})[rest] = data
        else:
            tree[path] = data
    for name, inside in sorted(tree.items()):
        if isinstance(inside, bytes):
            writer.mkfile(name, inside)
        else:
            writer.opendir(name)
            _add(writer, inside)
            writer.closedir()


def deploy(board: Board, partition: Partition, data: bytes, progress: Progress) -> bool:
    """Make this image the board's, to be mounted when it starts next; -> False when it was so already.

    For a board just started: what was imported from ROMFS has its names there, which are about to be erased.
    """
    if len(data) > partition.size:
        raise ToolError(
            f"the board's ROMFS has {partition.size // 1024} KB and the library needs {-(-len(data) // 1024)} KB: "
            "flash without --romfs"
        )
    if _is_there(board, data, 0):
        return False
    board.run(_BEGIN)
    least = _erase(board, partition, len(data))
    step = least if partition.device else max(_CHUNK, least)
    chunks = {start: data[start : start + step] for start in range(0, len(data), step)}
    chunks = {start: chunk + bytes(-len(chunk) % least) for start, chunk in chunks.items()}
    with progress(len(chunks)) as advance:
        for start in [start for start in chunks if start]:
            _write(board, partition, start, chunks[start])
            advance()
        _complete(board, partition)
        if _is_there(board, data, step):
            _write(board, partition, 0, chunks[0])
            _complete(board, partition)
            advance()
    if not _is_there(board, data, 0):
        raise ToolError("the ROMFS did not arrive whole (a bad cable, worn flash?), and is not used: flash again")
    return True


def _is_there(board: Board, data: bytes, start: int) -> bool:
    """Whether the board reads, where VfsRom does, what is in the image from start on."""
    return board.run(_HASH % (start, len(data), len(data))) == hashlib.sha256(data[start:]).hexdigest()


def _erase(board: Board, partition: Partition, size: int) -> int:
    """Make room for an image of this size; -> the least that is to be written at once."""
    block = partition.block
    blocks = -(-size // block)
    if partition.device:
        board.run(_ERASE % blocks)
        return min(_CHUNK, block)
    if block == partition.size:
        return _prepare(board, f"{size}")
    step = max(1, _PREPARED_AT_ONCE // block)
    return max(
        _prepare(board, f"{first * block}, {min(step, blocks - first) * block}") for first in range(0, blocks, step)
    )


def _prepare(board: Board, words: str) -> int:
    """-> the least that can be written at once, a power of two."""
    found = int(board.run(f"print(vfs.rom_ioctl(3, 0, {words}))"))
    if found < 0:
        raise ToolError(f"the board's ROMFS cannot be erased (error {-found})")
    return found


def _write(board: Board, partition: Partition, start: int, chunk: bytes) -> None:
    text = base64.b64encode(chunk)
    if partition.device:
        board.run(f"d.writeblocks({start // partition.block}, a({text!r}), {start % partition.block})")
    else:
        board.run(f"vfs.rom_ioctl(4, 0, {start}, a({text!r}))")


def _complete(board: Board, partition: Partition) -> None:
    if not partition.device:
        board.run("vfs.rom_ioctl(5, 0)")
