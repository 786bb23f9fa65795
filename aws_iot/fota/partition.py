"""The slot for whole ESP32 firmware images: the app partition that does not run (esp32.Partition).

The image goes in by sectors, the boot loader starts it once, and goes back by itself unless it is confirmed: every
MicroPython build for the ESP32 since 1.21 has that rollback on. The files of the board are shared by both versions.
https://docs.micropython.org/en/latest/library/esp32.html#flash-partitions
"""

from esp32 import Partition

from .slots import Slot

const = int  # mpy-cross folds ``_X = const(n)`` by the name; CPython calls int

_SECTOR_BYTES = const(4096)  # the flash's smallest erase
_SAVE_SECTORS = const(16)  # at most 64 KB are fetched again after a power cut
_MAGIC = const(0xE9)
_CHIP = const(12)
_ENOSPC = const(28)
_NO_ROLLBACK = const(-261)  # ESP_ERR_NOT_SUPPORTED
_ACTIVATIONS = const(3)


class PartitionSlot(Slot):
    """Firmware: an image goes into the next update partition. Needs an OTA partition table (the ``-OTA`` builds)."""

    kind = "image"
    _sector = None  # what is not on the flash yet

    def __init__(self, *args, **options):
        super().__init__(*args, **options)
        if "undone" in self.record and not self.trial:
            self._keep()  # undo() made the boot loader take the old version for a new one

    def _on_trial(self):
        running = Partition(Partition.RUNNING).info()[4]
        if running == self.record["next"]:
            return True
        if running == self.record["old"] and (self.record["tries"] or self.record["armed"] >= _ACTIVATIONS):
            self.undo("rolled back by the boot loader")
        return False

    def stalled(self):
        """True when the boot loader never started the new version (the power was cut before): activate() it again."""
        return "next" in self.record and not self.trial

    def begin(self, image, size_bytes):
        """As Slot.begin."""
        self._target = self._find(size_bytes)
        if not self._sector:
            self._sector = memoryview(bytearray(_SECTOR_BYTES))
        return super().begin(image, size_bytes)

    def _erase(self):
        self._fill = self._index = 0  # bytes in the sector; sectors on the flash. Writing one erases it first

    def _find(self, size_bytes):
        target = Partition(Partition.RUNNING).get_next_update()
        if size_bytes > target.ioctl(4, 0) * _SECTOR_BYTES:
            raise OSError(_ENOSPC)
        return target

    def _resume(self):
        self._erase()
        self._index = self.record.get("have", 0) // _SECTOR_BYTES
        return self._index * _SECTOR_BYTES

    def write(self, data):
        """Take the next bytes of the image; raises ValueError for what is no image, OSError from the flash."""
        if not self._index and not self._fill and data[0] != _MAGIC:
            raise ValueError("not an ESP32 image")
        while data:
            count = min(len(data), _SECTOR_BYTES - self._fill)
            self._sector[self._fill : self._fill + count] = data[:count]
            self._fill += count
            data = data[count:]
            if self._fill == _SECTOR_BYTES:
                if not self._index:
                    self._check_chip()
                self._target.writeblocks(self._index, self._sector)
                self._fill = 0
                self._index += 1
                if self._index % _SAVE_SECTORS == 0:
                    self.save(have=self._index * _SECTOR_BYTES)

    def _check_chip(self):
        """An image names its chip in its header (ESP-IDF, esp_image_header_t); it must be the one that runs here."""
        mine = bytearray(_CHIP + 2)
        Partition(Partition.RUNNING).readblocks(0, mine, 0)
        if mine[0] == _MAGIC and mine[_CHIP:] != self._sector[_CHIP : _CHIP + 2]:
            raise ValueError("image for another chip")

    def parts(self, buffer):
        """The image read back from the flash: memoryviews, each valid until the next. The sector's buffer serves."""
        if self._fill:
            for at in range(self._fill, _SECTOR_BYTES):
                self._sector[at] = 0xFF
            self._target.writeblocks(self._index, self._sector)
        left = self._index * _SECTOR_BYTES + self._fill
        for index in range(self._index + (self._fill > 0)):
            self._target.readblocks(index, self._sector)
            yield self._sector[: min(left, _SECTOR_BYTES)]
            left -= _SECTOR_BYTES

    def activate(self, **changes):
        """Put the image, which the caller has verified, on trial from the next reset; ``changes`` go into the record.

        Raises OSError when ESP-IDF finds that it is no bootable image for this chip.
        """
        running = Partition(Partition.RUNNING)
        target = running.get_next_update()
        # the record goes first: a new version that boots must find itself named in it
        self.save(
            next=target.info()[4],
            old=running.info()[4],
            tries=0,
            armed=self.record.get("armed", 0) + 1,
            undone=None,
            error=None,
            confirmed=None,
            **changes,
        )
        try:
            target.set_boot()
        except OSError:
            self._end()
            raise

    def _keep(self):
        try:
            Partition.mark_app_valid_cancel_rollback()
        except OSError as error:
            if error.args[0] != _NO_ROLLBACK:
                raise

    def _leave(self):
        for target in Partition.find(Partition.TYPE_APP, label=self.record["old"]):
            target.set_boot()
