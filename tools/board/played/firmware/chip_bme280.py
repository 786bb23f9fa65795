"""Stands in for a Bosch BME280: its registers, its calibration, and a measurement when it is told to make one.

Register map and what a write to ctrl_meas does: datasheet BST-BME280-DS002, sections 5.3 and 5.4. The calibration of
temperature and pressure and their raw values are those of the worked example of the BMP280's (BST-BMP280-DS001, section
3.12), whose formulas are the same: 25.08 degrees Celsius, 1006.53 hPa. That of humidity is of a chip: H1 75, H2 362,
H3 0, H4 313, H5 50, H6 30.

https://www.bosch-sensortec.com/media/boschsensortec/downloads/datasheets/bst-bme280-ds002.pdf
"""

from struct import pack

_RAW_TEMPERATURE, _RAW_PRESSURE, _RAW_HUMIDITY = 519888, 415148, 30000
_H4, _H5 = 313, 50


class Chip:
    def __init__(self):
        self._registers = bytearray(256)
        self._registers[0xD0] = 0x60
        self._put(0x88, pack("<Hhh", 27504, 26435, -1000))
        self._put(0x8E, pack("<Hhhhhhhhh", 36477, -10685, 3024, 2855, 140, -7, 15500, -14600, 6000))
        self._registers[0xA1] = 75
        # H4 and H5 have 12 bits, and share the byte 0xE5
        self._put(0xE1, pack("<hBbBbb", 362, 0, _H4 >> 4, _H4 & 15 | (_H5 & 15) << 4, _H5 >> 4, 30))
        self._put(0xF7, b"\x80\0\0\x80\0\0\x80\0")  # what stands there before there was a measurement
        self._humidity = False  # ctrl_hum, which counts with the next write to ctrl_meas

    def _put(self, at, data):
        self._registers[at : at + len(data)] = data

    def read(self, register, count):
        return bytes(self._registers[register : register + count])

    def write(self, register, data):
        self._put(register, data)
        if register == 0xF2:
            self._humidity = data[0] & 7 > 0
        elif register == 0xF4 and data[0] & 3 in (1, 2):  # forced
            if data[0] >> 5 == 1:
                self._put(0xFA, (_RAW_TEMPERATURE << 4).to_bytes(3, "big"))
            if data[0] >> 2 & 7 == 1:
                self._put(0xF7, (_RAW_PRESSURE << 4).to_bytes(3, "big"))
            if self._humidity:
                self._put(0xFD, _RAW_HUMIDITY.to_bytes(2, "big"))
            self._registers[0xF4] &= 0xFC  # asleep again
