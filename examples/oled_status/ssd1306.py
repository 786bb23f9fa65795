"""Solomon's SSD1306, 128 x 64 by I2C, as a framebuf to draw in (its datasheet's section 9, and its charge pump).

https://cdn-shop.adafruit.com/datasheets/SSD1306.pdf
"""

import framebuf

WIDTH, HEIGHT = 128, 64
_COMMANDS, _DATA = 0x80, 0x40  # control bytes, section 8.1.5.2
_BEGIN = (
    0xAE,  # off
    0x20, 0x00,  # addresses go on along a row, then to the next
    0x40, 0xA1, 0xC8,  # from the first line; mirrored both ways, as modules are soldered
    0xA8, HEIGHT - 1, 0xD3, 0, 0xDA, 0x12,  # its lines, no offset, the way its rows are wired
    0xD5, 0x80, 0xD9, 0xF1, 0xDB, 0x30, 0x81, 0xFF,  # clock, precharge, level, contrast
    0xA4, 0xA6,  # what is in its memory, not inverted
    0x8D, 0x14,  # its own supply
    0xAF,  # on
)  # fmt: skip


class SSD1306(framebuf.FrameBuffer):
    """The display at ``address`` of ``i2c``. OSError where there is none."""

    def __init__(self, i2c, address=0x3C):
        self._i2c, self._address = i2c, address
        self._buffer = bytearray(1 + WIDTH * HEIGHT // 8)
        self._buffer[0] = _DATA
        super().__init__(memoryview(self._buffer)[1:], WIDTH, HEIGHT, framebuf.MONO_VLSB)
        self._send(*_BEGIN)
        self.show()

    def show(self):
        """Have it show what was drawn."""
        self._send(0x21, 0, WIDTH - 1, 0x22, 0, HEIGHT // 8 - 1)
        self._i2c.writeto(self._address, self._buffer)

    def _send(self, *commands):
        for each in commands:
            self._i2c.writeto(self._address, bytes((_COMMANDS, each)))
