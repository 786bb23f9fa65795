"""Stands in for a board with wires: pins, I2C with the chips of chip_*.py on it, ADC, watchdog, RTC and sleep.

What the program does it says, a JSON object a line; what the world does stands in files of the folder that the program
runs in, for a board that is played its flash: `pin4` has the level of an input, `adc35` the microvolts at a pin,
`pulled` ends what the I2C wires carry.

https://docs.micropython.org/en/latest/library/machine.html
"""

import json
import sys
import time


def say(event, **members):
    members["event"] = event
    print(json.dumps(members))


def _world(name, otherwise):
    try:
        with open(name) as file:
            return file.read().strip()
    except OSError:
        return otherwise


class Pin:
    """An output says each level; an input has that of its file, and with a pull-up 1 where there is none."""

    IN, OUT, PULL_UP, PULL_DOWN = 0, 1, 2, 1
    _levels = {}

    def __init__(self, number, mode=IN, pull=None, value=None):
        self.number, self._mode = number, mode
        self._open = 1 if pull == self.PULL_UP else 0
        if value is not None:
            self.value(value)

    def value(self, level=None):
        if level is None:
            if self._mode == self.OUT:
                return self._levels.get(self.number, 0)
            return int(_world("pin%d" % self.number, self._open))
        if self._mode != self.OUT:
            raise ValueError("a level for an input")
        self._levels[self.number] = 1 if level else 0
        say("pin", number=self.number, level=self._levels[self.number])
        return None


class I2C:
    """The bus, with a BME280 at 0x76 and an SSD1306 at 0x3C; nobody else acknowledges (OSError 19, ENODEV)."""

    def __init__(self, id, *, scl, sda, freq=400000):
        if scl.number == sda.number:
            raise ValueError("one pin for both wires")
        import chip_bme280  # here: boards without these chips keep their heap
        import chip_ssd1306

        self._chips = {0x76: chip_bme280.Chip(), 0x3C: chip_ssd1306.Chip(say)}

    def _chip(self, address):
        if address not in self._chips or _world("pulled", ""):
            raise OSError(19)
        return self._chips[address]

    def readfrom_mem(self, address, register, count):
        return self._chip(address).read(register, count)

    def writeto_mem(self, address, register, data):
        self._chip(address).write(register, data)

    def writeto(self, address, data):
        self._chip(address).take(bytes(data))


class ADC:
    def __init__(self, pin):
        self._number = pin.number

    def read_uv(self):
        return int(_world("adc%d" % self._number, "0"))


class WDT:
    """A program that feeds it too late is ended, as the reset would do."""

    def __init__(self, id=0, timeout=5000):
        self._timeout_ms, self._fed = timeout, time.ticks_ms()
        say("watchdog", timeout_ms=timeout)

    def feed(self):
        late_ms = time.ticks_diff(time.ticks_ms(), self._fed)
        if late_ms > self._timeout_ms:
            say("reset", late_ms=late_ms)
            sys.exit(1)
        self._fed = time.ticks_ms()


class RTC:
    """Its memory outlives a sleep: the file `rtc`. Its clock is the computer's, which is right."""

    def datetime(self, now=None):
        return time.gmtime()

    def memory(self, data=None):
        if data is None:
            return _world("rtc", "").encode()
        with open("rtc", "w") as file:
            file.write(data)
        return None


def deepsleep(time_ms):
    """Waking is a start, as a reset is."""
    say("asleep", time_ms=time_ms)
    time.sleep_ms(time_ms)
    reset()


def reset():
    sys.exit(1)
