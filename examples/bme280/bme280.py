"""Bosch's BME280 by I2C: temperature, pressure and humidity, compensated as its datasheet says (section 4.2.3, 8.1).

https://www.bosch-sensortec.com/media/boschsensortec/downloads/datasheets/bst-bme280-ds002.pdf
"""

from struct import unpack
from time import sleep_ms


class BME280:
    """The chip at ``address`` of ``i2c``: 0x76, or 0x77 where SDO is at 3.3 V. OSError where there is none."""

    def __init__(self, i2c, address=0x76):
        self._i2c, self._address = i2c, address
        if self._read(0xD0, 1) != b"\x60":
            raise OSError("no BME280 at 0x%02x" % address)
        self._t = unpack("<Hhh", self._read(0x88, 6))
        self._p = unpack("<Hhhhhhhhh", self._read(0x8E, 18))
        h1, (h2, h3, e4, e5, e6, h6) = self._read(0xA1, 1)[0], unpack("<hBbBbb", self._read(0xE1, 7))
        self._h = h1, h2, h3, e4 << 4 | e5 & 15, e6 << 4 | e5 >> 4, h6

    def read(self):
        """(degrees Celsius, hPa, % relative humidity) of now; it takes 10 ms."""
        self._i2c.writeto_mem(self._address, 0xF2, b"\x01")  # humidity, once; counts with the next write
        self._i2c.writeto_mem(self._address, 0xF4, b"\x25")  # temperature and pressure, once; then it sleeps
        sleep_ms(10)
        raw = self._read(0xF7, 8)
        t = self._temperature(raw[3] << 12 | raw[4] << 4 | raw[5] >> 4)
        p = self._pressure(t, raw[0] << 12 | raw[1] << 4 | raw[2] >> 4)
        return t / 5120, p, self._humidity(t, raw[6] << 8 | raw[7])

    def _read(self, register, count):
        return self._i2c.readfrom_mem(self._address, register, count)

    def _temperature(self, raw):
        t1, t2, t3 = self._t
        fine = raw / 131072 - t1 / 8192
        return (raw / 16384 - t1 / 1024) * t2 + fine * fine * t3

    def _pressure(self, t, raw):
        p1, p2, p3, p4, p5, p6, p7, p8, p9 = self._p
        a = t / 2 - 64000
        b = (a * a * p6 / 32768 + a * p5 * 2) / 4 + p4 * 65536
        a = (1 + (p3 * a * a / 524288 + p2 * a) / 524288 / 32768) * p1
        p = (1048576 - raw - b / 4096) * 6250 / a
        return (p + (p9 * p * p / 2147483648 + p * p8 / 32768 + p7) / 16) / 100

    def _humidity(self, t, raw):
        h1, h2, h3, h4, h5, h6 = self._h
        h = t - 76800
        h = (raw - (h4 * 64 + h5 / 16384 * h)) * h2 / 65536 * (1 + h6 / 67108864 * h * (1 + h3 / 67108864 * h))
        return min(max(h * (1 - h1 * h / 524288), 0), 100)
