import json
import time


def connect_wifi(timeout_ms=20000):
    """Join the network that wifi.json names; ports without Wi-Fi are online already."""
    try:
        import network
    except ImportError:
        return
    with open("wifi.json") as file:
        settings = json.load(file)
    station = network.WLAN(network.STA_IF)
    station.active(True)
    if not station.isconnected():
        station.connect(settings["ssid"], settings["password"])
    start = time.ticks_ms()
    while not station.isconnected():
        if time.ticks_diff(time.ticks_ms(), start) > timeout_ms:
            raise OSError("no Wi-Fi: are ssid and password in wifi.json right?")
        time.sleep_ms(100)


def set_clock(tries=5):
    """Set the clock by NTP unless it is right: TLS checks the certificates' dates."""
    if time.gmtime()[0] >= 2026:
        return
    import ntptime

    for left in range(tries - 1, -1, -1):
        try:
            ntptime.settime()
            return
        except OSError:
            if not left:
                raise
            time.sleep(1)
