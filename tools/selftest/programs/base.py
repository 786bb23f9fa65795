"""What the programs of `thing selftest` share. They run on the board and tell, a JSON object a line, what happens."""

import gc
import json
import sys
import time

FOLDER = __file__.rsplit("/", 1)[0]  # where `thing selftest` has put this, thing.conf.json and settings.json


def say(event, **members):
    members["event"] = event
    print(json.dumps(members))


def settings():
    with open(FOLDER + "/settings.json") as file:
        return json.load(file)


def heap():
    """The bytes of the heap that are in use."""
    gc.collect()
    return gc.mem_alloc()


def median(values):
    return sorted(values)[len(values) // 2]


def station():
    """The Wi-Fi station, None where a port has none."""
    try:
        import network

        return network.WLAN(network.STA_IF)
    except (ImportError, AttributeError):
        return None


def wifi():
    """ssid and password from the other side of the line, else from the board's own wifi.json; None when neither is."""
    found = settings()["wifi"]
    try:
        if not found:
            with open("/wifi.json") as file:
                found = json.load(file)
    except (OSError, ValueError):
        pass
    return found if found and found.get("ssid") else None


def join(timeout_s=30):
    """Join the Wi-Fi; -> ms that it took. OSError when it cannot be joined, or nothing says which."""
    wlan = station()
    start = time.ticks_ms()
    if wlan is None:
        return 0
    wlan.active(True)
    if not wlan.isconnected():
        known = wifi()
        if not known:
            raise OSError("not in a Wi-Fi, and no wifi.json says which to join")
        wlan.connect(known["ssid"], known.get("password", ""))
    while not wlan.isconnected():
        if time.ticks_diff(time.ticks_ms(), start) > timeout_s * 1000:
            raise OSError("no Wi-Fi in %d s (status %s)" % (timeout_s, wlan.status()))
        time.sleep_ms(50)
    return time.ticks_diff(time.ticks_ms(), start)


def set_clock():
    """A board without a battery may lose the time when it resets: by NTP, else it is when the files were written."""
    written = settings()["time"]
    if time.gmtime()[:3] >= tuple(written[:3]):
        return
    try:
        import ntptime

        ntptime.settime()
    except (ImportError, OSError):
        from machine import RTC

        RTC().datetime(tuple(written))


def make(**options):
    """The thing, online but not connected."""
    from aws_iot import Thing

    join()
    set_clock()
    return Thing.from_config(FOLDER + "/thing.conf.json", **options)


def connect(thing, timeout_s=60):
    """Connect and wait until the subscriptions stand."""
    thing.connect()
    wait(thing, lambda: thing.ready, timeout_s, "the subscriptions were not acknowledged")


def wait(thing, done, timeout_s, what):
    """Drive the thing until done(); OSError says ``what`` went wrong when that takes too long."""
    start = time.ticks_ms()
    while not done():
        if time.ticks_diff(time.ticks_ms(), start) > timeout_s * 1000:
            raise OSError("%s in %d s (%s)" % (what, timeout_s, thing.cause or "no cause known"))
        thing.poll(100)


def restart():
    """Restart the board, as a crash or a power cut would; where there is no board, end the program."""
    try:
        import machine

        machine.reset()
    except (ImportError, AttributeError):
        sys.exit(1)
