"""Stands in for MicroPython's `esp32` module on a PC: two app partitions, and the boot loader's choice between them.

Plays esp32.Partition (https://docs.micropython.org/en/latest/library/esp32.html#flash-partitions) on NOR flash, where
a write can only clear bits and a sector of 4096 bytes is erased as a whole; ESP-IDF's check of an image (its page "App
Image Format") and its rollback (https://docs.espressif.com/projects/esp-idf/en/stable/esp32/api-reference/system/ota.html#app-rollback).
The flash is files in a folder, so it survives the process; every access goes through step(), where a test may cut the
power. No test of this says anything about a real ESP32's timing or flash driver.
"""

import errno
import hashlib
import json
import os

_SECTOR = 4096
_SEQUENCE = ("ota_0", "ota_1")
ESP_ERR_OTA_VALIDATE_FAILED = -5379


class Flash:
    """The flash of the board: `folder` holds it, `steps` counts accesses, `cut(step)` is called at each."""

    folder = None
    sectors = 0
    steps = 0
    cut = None


def step():
    Flash.steps += 1
    if Flash.cut:
        Flash.cut(Flash.steps)


def insert(folder, sectors=64, cut=None):
    """Give the board this flash, made new if the folder is empty: firmware `old` in ota_0, running."""
    Flash.folder, Flash.sectors, Flash.steps, Flash.cut = folder, sectors, 0, None
    try:
        os.mkdir(folder)
    except OSError:
        pass
    for label in _SEQUENCE:
        try:
            os.stat(_path(label))
        except OSError:
            with open(_path(label), "wb") as file:
                for _ in range(sectors):
                    file.write(b"\xff" * _SECTOR)
    if not _state():
        _save({"boot": "ota_0", "ota_0": "valid", "ota_1": "undefined", "running": "ota_0"})
    Flash.cut = cut


def reset():
    """What the boot loader does: start the chosen partition; one that was started and not confirmed is given up."""
    state = _state()
    for label in _SEQUENCE:
        if state[label] == "pending":
            state[label] = "aborted"
    label = state["boot"]
    if state[label] == "aborted":
        label = state["boot"] = "ota_0" if label == "ota_1" else "ota_1"
    if state[label] == "new":
        state[label] = "pending"
    state["running"] = label
    _save(state)
    return label


def _path(name):
    return Flash.folder + "/" + name


def _state():
    try:
        with open(_path("otadata")) as file:
            return json.load(file)
    except (OSError, ValueError):
        return None


def _save(state):
    # the real one writes the older of two sectors, with a sequence number and a CRC: a cut leaves the old state
    step()
    with open(_path("otadata.new"), "w") as file:
        json.dump(state, file)
    os.rename(_path("otadata.new"), _path("otadata"))
    step()


class Partition:
    BOOT = 0
    RUNNING = 1
    TYPE_APP = 0
    TYPE_DATA = 1

    def __init__(self, which):
        self._label = _state()["boot" if which == self.BOOT else "running"] if isinstance(which, int) else which

    @classmethod
    def find(cls, type=TYPE_APP, subtype=0xFF, label=None, block_size=None):
        return [cls(name) for name in _SEQUENCE if label in (None, name)]

    def info(self):
        index = _SEQUENCE.index(self._label)
        size = Flash.sectors * _SECTOR
        return (0, 16 + index, 0x10000 + index * size, size, self._label, False)

    def get_next_update(self):
        return Partition(_SEQUENCE[1 - _SEQUENCE.index(Partition(self.RUNNING)._label)])

    def ioctl(self, command, argument):
        return {4: Flash.sectors, 5: _SECTOR}.get(command)

    def readblocks(self, block, buffer, offset=0):
        with open(_path(self._label), "rb") as file:
            file.seek(block * _SECTOR + offset)
            if file.readinto(buffer) != len(buffer):
                raise OSError(errno.EINVAL)

    def writeblocks(self, block, buffer, offset=None):
        if block * _SECTOR + (offset or 0) + len(buffer) > Flash.sectors * _SECTOR:
            raise OSError(errno.EINVAL)
        if self._label == Partition(self.RUNNING)._label:
            raise OSError(errno.EPERM)  # the real one would crash: the code runs from there
        with open(_path(self._label), "r+b") as file:
            if offset is None:
                if len(buffer) % _SECTOR:
                    raise OSError(errno.EINVAL)
                self._program(file, block * _SECTOR, b"\xff" * len(buffer), True)
                offset = 0
            self._program(file, block * _SECTOR + offset, buffer, False)

    def _program(self, file, at, data, erase):
        # in pages of 256 bytes, between any two of which the power may fail
        for start in range(0, len(data), 256):
            step()
            page = bytes(data[start : start + 256])
            file.seek(at + start)
            if not erase:
                old = file.read(len(page))
                page = bytes([page[i] & old[i] for i in range(len(page))])
                file.seek(at + start)
            file.write(page)
        file.flush()

    def set_boot(self):
        if not _bootable(self):
            raise OSError(ESP_ERR_OTA_VALIDATE_FAILED, "ESP_ERR_OTA_VALIDATE_FAILED")
        state = _state()
        state["boot"] = self._label
        state[self._label] = "new"  # whatever it was: the version that is gone back to must be confirmed, too
        _save(state)

    @classmethod
    def mark_app_valid_cancel_rollback(cls):
        state = _state()
        if state[state["running"]] in ("pending", "new"):
            state[state["running"]] = "valid"
            _save(state)


def _bootable(partition):
    """ESP-IDF's esp_image_verify: magic, chip, segments, checksum and the SHA-256 at the end."""
    head = bytearray(24)
    partition.readblocks(0, head)
    if partition._label == "ota_0" and head == b"\xff" * 24:
        return True  # the firmware that the board came with, which this stand-in does not hold
    if head[0] != 0xE9 or not 0 < head[1] <= 16 or head[12] | head[13] << 8 or head[23] != 1:
        return False
    digest = hashlib.sha256(head)
    with open(_path(partition._label), "rb") as file:
        file.seek(24)
        at, checksum = 24, 0xEF
        for _ in range(head[1]):
            segment = file.read(8)
            digest.update(segment)
            left = int.from_bytes(segment[4:], "little")
            at += 8 + left
            if at > Flash.sectors * _SECTOR - 48:
                return False
            while left:
                data = file.read(min(left, 1024))
                digest.update(data)
                left -= len(data)
                for byte in data:
                    checksum ^= byte
        padding = file.read(16 - at % 16)
        digest.update(padding)
        return padding[-1] == checksum and digest.digest() == file.read(32)
