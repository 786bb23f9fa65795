"""Stands in for a Solomon SSD1306 of 128 x 64: its commands and its memory; it says what one can read on it.

Commands and their parameters: datasheet, section 9 and the table of its application note on the charge pump; control
bytes of I2C: section 8.1.5.2. Letters are read by the font that MicroPython's framebuf draws with.

https://cdn-shop.adafruit.com/datasheets/SSD1306.pdf
"""

import framebuf

_WIDTH, _PAGES = 128, 8
# command -> how many bytes follow it
_FOLLOW = {0x20: 1, 0x21: 2, 0x22: 2, 0x81: 1, 0x8D: 1, 0xA8: 1, 0xD3: 1, 0xD5: 1, 0xD9: 1, 0xDA: 1, 0xDB: 1}


def _font():
    found = {}
    cell = bytearray(8)
    canvas = framebuf.FrameBuffer(cell, 8, 8, framebuf.MONO_VLSB)
    for code in range(32, 127):
        canvas.fill(0)
        canvas.text(chr(code), 0, 0)
        found[bytes(cell)] = chr(code)
    return found


class Chip:
    def __init__(self, say):
        self._say, self._font, self._shown = say, _font(), None
        self._settings, self._waits = {}, []
        self._memory = bytearray(_WIDTH * _PAGES)
        self._at = 0

    def take(self, data):
        """What one transfer brings behind the address."""
        if data[0] == 0x80:
            self._command(data[1])
        elif data[0] == 0x40:
            for byte in data[1:]:
                self._memory[self._at] = byte
                self._at = (self._at + 1) % len(self._memory)
            self._show()
        else:
            raise ValueError("control byte 0x%02x" % data[0])

    def _command(self, byte):
        self._waits.append(byte)
        name = self._waits[0]
        if len(self._waits) <= _FOLLOW.get(name, 0):
            return
        self._settings[name] = tuple(self._waits[1:])
        self._waits = []
        if name in (0x21, 0x22):
            self._at = 0  # from the first column and page on
        if name in (0xAE, 0xAF):
            self._settings["on"] = name == 0xAF

    def _show(self):
        """Nothing is seen without its supply (0x8D, 0x14) and before 0xAF; rows need horizontal addresses."""
        settings = self._settings
        lit = settings.get("on") and settings.get(0x8D) == (0x14,) and settings.get(0x20) == (0,)
        whole = settings.get(0x21) == (0, _WIDTH - 1) and settings.get(0x22) == (0, _PAGES - 1)
        lines = [self._line(page) for page in range(_PAGES)] if lit and whole else []
        if lines != self._shown:
            self._shown = lines
            self._say("screen", lines=lines)

    def _line(self, page):
        row = self._memory[page * _WIDTH : (page + 1) * _WIDTH]
        cells = [bytes(row[at : at + 8]) for at in range(0, _WIDTH, 8)]
        return "".join([self._font.get(cell, "?") for cell in cells]).rstrip()
