"""Stands in for MicroPython's `network` module on a PC: a Wi-Fi station, and one network within reach.

Plays network.WLAN (https://docs.micropython.org/en/latest/library/network.WLAN.html): active(), connect(),
disconnect(), isconnected(), status("rssi"). The file /wifi says what the station wants, and /wifi.joined that the
access point (AccessPoint in board_wifi.py), which carries the board's connections, has let it in. What it cannot play:
an access point that is far, or a link that dies without a word.
"""

import os

STA_IF = 0
SSID, PASSWORD = "workshop", "correct horse"
_state = {"active": False, "joining": False}


class WLAN:
    def __init__(self, interface):
        pass

    def active(self, on=None):
        if on is not None and on != _state["active"]:
            _state["active"] = on
            self._want(False)
        return _state["active"]

    def connect(self, ssid=None, password=None):
        if not _state["active"]:
            raise OSError("Wifi Not Started")
        self._want((ssid, password) == (SSID, PASSWORD))

    def disconnect(self):
        self._want(False)

    def isconnected(self):
        try:
            os.stat("/wifi.joined")
            return _state["joining"]
        except OSError:
            return False

    def status(self, name=None):
        if name == "rssi":
            return -50
        return 1010 if self.isconnected() else 1000

    def _want(self, joining):
        _state["joining"] = joining
        with open("/wifi", "w") as file:
            file.write("join" if joining else "leave")
