"""Wi-Fi and the clock, for main.py. This file is the project's own: change in it what does not suit your board."""

import json
import time

JOIN_MS = 15000  # how long a network is given before the next one is tried
RESET_EVERY = 4  # so many tries without success, and the radio is switched off and on
CLOCK_MS = 5000  # between two questions for the time
_YEAR = 2026  # a clock before it was never set


class Wifi:
    """Keeps the board on a network of wifi.json, and sets the clock: TLS checks the dates of certificates.

    wifi.json has {"ssid": ..., "password": ...}, or a list of those, which are tried in turn. Nothing ends the trying:
    the router may start later than the board, and go away at any time. Ports without Wi-Fi are online already.
    """

    def __init__(self, path="wifi.json"):
        self._station = None
        self._tries = 0
        self._since = None  # ticks of the last try, None when the next may begin at once
        self._asked = None  # ticks of the last question for the time
        self._said = None
        try:
            import network
        except ImportError:
            return
        self._networks = _read(path)
        self._station = network.WLAN(network.STA_IF)

    def poll(self):
        """Take the next step, in a second or two at most; -> True when there is a network and the clock is right."""
        if self._station is not None and not self._joined():
            return False
        return self._clock()

    def _joined(self):
        if self._station.isconnected():
            if self._since is not None:
                self._say("Wi-Fi: joined")
            self._tries, self._since = 0, None
            return True
        if self._since is None or time.ticks_diff(time.ticks_ms(), self._since) >= JOIN_MS:
            self._since = time.ticks_ms()
            try:
                self._join()
            except OSError as error:  # a radio that is still busy with the last try, for one
                self._say("Wi-Fi: %s" % error)
        return False

    def _join(self):
        if not self._networks:
            self._say("Wi-Fi: wifi.json names no network, so that somebody else must join one")
            return
        settings = self._networks[self._tries % len(self._networks)]
        self._tries += 1
        self._say("Wi-Fi: joining %s (are ssid and password in wifi.json right?)" % settings["ssid"])
        if self._tries % RESET_EVERY == 0:
            self._station.active(False)
        self._station.active(True)
        self._station.disconnect()
        self._station.connect(settings["ssid"], settings.get("password", ""))

    def _clock(self):
        if time.gmtime()[0] >= _YEAR:
            return True
        if self._asked is None or time.ticks_diff(time.ticks_ms(), self._asked) >= CLOCK_MS:
            self._asked = time.ticks_ms()
            import ntptime

            try:
                ntptime.settime()
            except Exception as error:  # no answer, or one that is none
                self._say("clock: no time yet: %r" % error)
        return time.gmtime()[0] >= _YEAR

    def _say(self, text):
        if text != self._said:
            print(text)
            self._said = text


class Watchdog:
    """Resets a board whose program has not called feed() for some seconds; with 0 it does nothing.

    No step of main.py takes longer than a look-up by DNS, some 15 s where nothing answers. An RP2 has 8 s at most.
    """

    def __init__(self, seconds):
        self._timer = None
        if seconds:
            from machine import WDT

            self._timer = WDT(timeout=seconds * 1000)

    def feed(self):
        """Tell that the program is alive."""
        if self._timer:
            self._timer.feed()


def _read(path):
    with open(path) as file:
        networks = json.load(file)
    if isinstance(networks, dict):
        networks = [networks]
    return [each for each in networks if each.get("ssid")]
