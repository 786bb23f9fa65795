"""helpers.py of a new project, on a make-believe `network`, `ntptime` and clock that fail in each way they can.

They stand in for https://docs.micropython.org/en/latest/library/network.WLAN.html and micropython-lib's ntptime.
"""

import sys
from types import SimpleNamespace

import pytest

from .. import harness

_SOURCE = (harness.ROOT / "tools/template/helpers.py").read_text()
_NETWORKS = '[{"ssid": "home", "password": "secret"}, {"ssid": "cabin"}]'


class Surroundings:
    """The board's clock, radio, access points and time server. `there`: the networks in reach, with their passwords."""

    def __init__(self):
        self.ms, self.year = 0, 2000
        self.there = {}
        self.log = []
        self.connect_fails = False
        self.time_fails = None
        self._joined = self._wanted = None
        self._active = False

    # time
    def ticks_ms(self):
        return self.ms

    def ticks_diff(self, end, start):
        return end - start

    def gmtime(self):
        return (self.year, 1, 1)

    # network.WLAN
    def WLAN(self, interface):
        return self

    def active(self, on):
        self.log.append(("active", on))
        self._active = on

    def disconnect(self):
        self._wanted = None

    def connect(self, ssid, password):
        assert self._active
        self.log.append((ssid, password))
        if self.connect_fails:
            raise OSError("Wifi Internal State Error")
        self._wanted = ssid, password

    def isconnected(self):
        return self._wanted is not None and self.there.get(self._wanted[0]) == self._wanted[1]

    # ntptime
    def settime(self):
        self.log.append("settime")
        if self.time_fails:
            raise self.time_fails
        self.year = 2026


@pytest.fixture
def around(monkeypatch, tmp_path):
    board = Surroundings()
    monkeypatch.setitem(sys.modules, "network", SimpleNamespace(WLAN=board.WLAN, STA_IF=0))
    monkeypatch.setitem(sys.modules, "ntptime", SimpleNamespace(settime=board.settime))
    (tmp_path / "wifi.json").write_text(_NETWORKS)
    monkeypatch.chdir(tmp_path)
    return board


def _helpers(board) -> SimpleNamespace:
    namespace = {}
    exec(compile(_SOURCE, "helpers.py", "exec"), namespace)
    namespace["time"] = board
    return SimpleNamespace(**namespace)


def _poll(board, wifi, seconds: float) -> bool:
    """What poll() said last, after so many seconds of a main loop."""
    end = board.ms + seconds * 1000
    online = False
    while board.ms < end:
        online = wifi.poll()
        board.ms += 100
    return online


def test_the_router_comes_an_hour_late_goes_and_comes_back(around, capsys):
    wifi = _helpers(around).Wifi()
    assert not _poll(around, wifi, 3600)
    assert set(around.log) == {("active", True), ("active", False), ("home", "secret"), ("cabin", "")}
    around.there["home"] = "secret"
    assert _poll(around, wifi, 31) and around.year == 2026
    del around.there["home"]
    assert not _poll(around, wifi, 60)
    around.there["cabin"] = ""
    assert _poll(around, wifi, 31), "the other network of wifi.json"
    lines = capsys.readouterr().out.splitlines()
    assert lines[:2] == [
        "Wi-Fi: joining home (are ssid and password in wifi.json right?)",
        "Wi-Fi: joining cabin (are ssid and password in wifi.json right?)",
    ]
    assert lines.count("Wi-Fi: joined") == 2


def test_a_radio_that_raises_is_tried_again(around):
    around.there["home"], around.connect_fails = "secret", True
    wifi = _helpers(around).Wifi()
    assert not _poll(around, wifi, 120)
    around.connect_fails = False
    assert _poll(around, wifi, 31)


@pytest.mark.parametrize(
    "error", [OSError(110, "ETIMEDOUT"), OSError(-2), OverflowError(), IndexError(), MemoryError()]
)
def test_no_time_yet(around, capsys, error):
    """No answer, no name, an answer that is none: asked again every few seconds, told once."""
    around.there["home"], around.time_fails = "secret", error
    wifi = _helpers(around).Wifi()
    assert not _poll(around, wifi, 60)
    assert 10 <= around.log.count("settime") <= 13
    assert capsys.readouterr().out.count("no time yet") == 1
    around.time_fails = None
    assert _poll(around, wifi, 6)


def test_a_clock_that_is_right_is_left(around):
    around.there["home"], around.year = "secret", 2027
    assert _poll(around, _helpers(around).Wifi(), 20)
    assert "settime" not in around.log


@pytest.mark.parametrize("content", ["[]", "{}", '{"ssid": "", "password": ""}'])
def test_where_wifi_json_names_none_boot_py_may_join(around, tmp_path, capsys, content):
    (tmp_path / "wifi.json").write_text(content)
    wifi = _helpers(around).Wifi()
    assert not _poll(around, wifi, 60)
    assert capsys.readouterr().out.count("wifi.json names no network") == 1
    around.there["other"] = ""
    around._wanted = "other", ""
    assert _poll(around, wifi, 6)


def test_a_port_without_wifi_needs_none(around, monkeypatch, tmp_path):
    (tmp_path / "wifi.json").unlink()
    monkeypatch.setitem(sys.modules, "network", None)
    around.year = 2026
    assert _helpers(around).Wifi().poll()


def test_the_watchdog_is_fed_when_there_is_one(around, monkeypatch):
    fed = []
    timer = SimpleNamespace(feed=lambda: fed.append(1))
    monkeypatch.setitem(sys.modules, "machine", SimpleNamespace(WDT=lambda timeout: fed.append(timeout) or timer))
    helpers = _helpers(around)
    helpers.Watchdog(0).feed()
    assert fed == []
    helpers.Watchdog(60).feed()
    assert fed == [60000, 1]
