"""Stands in for MicroPython's `network` on a board that a computer plays: a station that is in its network already.

Plays network.WLAN: https://docs.micropython.org/en/latest/library/network.WLAN.html. Any name and password will do;
there is no radio whose signal could be asked for, nothing to scan, and no link to lose.
"""

STA_IF, AP_IF = 0, 1
STAT_IDLE, STAT_GOT_IP = 1000, 1010  # as ESP32 has them


class WLAN:
    IF_STA, IF_AP = STA_IF, AP_IF

    def __init__(self, interface_id=STA_IF):
        self._active = True

    def active(self, on=None):
        if on is not None:
            self._active = bool(on)
        return self._active

    def connect(self, ssid=None, key=None, **options):
        if not self._active:
            raise OSError("Wifi Not Started")

    def disconnect(self):
        pass

    def isconnected(self):
        return self._active

    def config(self, *names, **values):
        pass

    def ifconfig(self, settings=None):
        return ("127.0.0.1", "255.0.0.0", "127.0.0.1", "127.0.0.1")

    def status(self, name=None):
        if name is not None:
            raise ValueError("no radio")
        return STAT_GOT_IP if self._active else STAT_IDLE
