"""One board: qemu's MPS2-AN385 with a firmware, and a file that holds its PSRAM, which plays the flash.

The file is shared memory: whatever ends qemu, what was written to it stays, as in flash when the power fails.
"""

import struct
import subprocess
from pathlib import Path

from tests.harness.ports import free_port, wait_for_port

_BYTES = 16 << 20  # what the machine has, no more and no less
_ORDERS = 0x800000  # as in port/psram.h
_FORM = "<III"  # heap in bytes, the flash access at which the power fails, flash accesses so far
_ESP32_KB = 112  # the heap of an ESP32 without PSRAM


class Machine:
    """A board with this firmware and flash; start() switches it on, kill() cuts the power."""

    def __init__(self, firmware: Path, flash: Path) -> None:
        self.firmware, self.flash = firmware, flash
        self._process = None
        if not flash.exists():
            with open(flash, "wb") as file:
                file.truncate(_BYTES)

    def __enter__(self) -> "Machine":
        return self

    def __exit__(self, *_) -> None:
        self.kill()

    def serve(self, heap_kb: int = _ESP32_KB) -> str:
        """Switch it on with its serial line behind a TCP port; -> what --port takes."""
        port = free_port()
        self._start(heap_kb, 0, f"tcp:127.0.0.1:{port},server=on,wait=off", stdin=subprocess.DEVNULL)
        wait_for_port(port, self._process)
        return f"socket://127.0.0.1:{port}"

    def start(self, heap_kb: int = _ESP32_KB, cut: int = 0) -> subprocess.Popen:
        """Switch it on with its serial line on pipes; at flash access number ``cut`` the power fails. -> its process"""
        self._start(heap_kb, cut, "stdio", stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        return self._process

    def kill(self) -> None:
        """Cut the power."""
        if self._process:
            self._process.kill()
            self._process.wait()
            for stream in (self._process.stdin, self._process.stdout):
                if stream:
                    stream.close()
            self._process = None

    @property
    def accesses(self) -> int:
        """How often the board has changed its flash since it was switched on."""
        with open(self.flash, "rb") as file:
            file.seek(_ORDERS)
            return struct.unpack(_FORM, file.read(struct.calcsize(_FORM)))[2]

    def copy(self, flash: Path) -> "Machine":
        """Another board with the same firmware and what is in this one's flash."""
        subprocess.run(["cp", "--sparse=always", self.flash, flash], check=True)
        return Machine(self.firmware, flash)

    def _start(self, heap_kb: int, cut: int, serial: str, **streams) -> None:
        self.kill()
        with open(self.flash, "r+b") as file:
            file.seek(_ORDERS)
            file.write(struct.pack(_FORM, heap_kb * 1024, cut, 0))
        self._process = subprocess.Popen(
            [
                "qemu-system-arm", "-machine", "mps2-an385,memory-backend=psram", "-kernel", self.firmware,
                "-object", f"memory-backend-file,id=psram,size={_BYTES},mem-path={self.flash},share=on",
                "-semihosting-config", "enable=on,target=native",  # exit, and the time of day
                "-display", "none", "-monitor", "none", "-serial", serial,
            ],
            **streams,
        )  # fmt: skip
