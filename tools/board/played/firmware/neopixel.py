"""Stands in for MicroPython's driver of WS2812 LEDs, which is frozen on ESP32 and RP2: write() says the colours.

https://docs.micropython.org/en/latest/library/neopixel.html
"""

from machine import say


class NeoPixel:
    def __init__(self, pin, n, bpp=3, timing=1):
        self.pin, self.n, self._pixels = pin, n, [(0, 0, 0)] * n

    def __len__(self):
        return self.n

    def __setitem__(self, at, colour):
        if not 0 <= at < self.n or len(colour) != 3 or not all([0 <= each < 256 for each in colour]):
            raise ValueError("pixel %r: %r" % (at, colour))
        self._pixels[at] = tuple(colour)

    def __getitem__(self, at):
        return self._pixels[at]

    def fill(self, colour):
        for at in range(self.n):
            self[at] = colour

    def write(self):
        say("pixels", pin=self.pin.number, colours=self._pixels)
