"""The slot for whole ESP32 firmware images: the app partition that does not run (esp32.Partition).

The image goes in by sectors, the boot loader starts it once, and goes back by itself unless it is confirmed: every
MicroPython build for the ESP32 since 1.21 has that rollback on. The files of the board are shared by both versions.
https://docs.micropython.org/en/latest/library/esp32.html#flash-partitions
"""

from collections.abc import Iterator
from typing import Any

from .slots import Slot

class PartitionSlot(Slot):
    """Firmware: an image goes into the next update partition. Needs an OTA partition table (the ``-OTA`` builds)."""

    def stalled(self) -> bool:
        """True when the boot loader never started the new version (the power was cut before): activate() it again."""

    def begin(self, image: str, size_bytes: int) -> int:
        """As Slot.begin."""

    def write(self, data: bytes | memoryview) -> None:
        """Take the next bytes of the image; raises ValueError for what is no image, OSError from the flash."""

    def parts(self, buffer: bytearray) -> Iterator[memoryview]:
        """The image read back from the flash: memoryviews, each valid until the next. The sector's buffer serves."""

    def activate(self, **changes: Any) -> None:
        """Put the image, which the caller has verified, on trial from the next reset; ``changes`` go into the record.

        Raises OSError when ESP-IDF finds that it is no bootable image for this chip.
        """
