"""Wi-Fi off and on: what was published meanwhile arrives, and the connection comes back."""

import time

import base


def run(off_s):
    wlan = base.station()
    thing = base.make()
    base.connect(thing)
    wlan.disconnect()
    wlan.active(False)
    base.say("off")
    thing.publish("dt/%s/outage" % thing.thingname, b"published offline", qos=1)
    start = time.ticks_ms()
    while time.ticks_diff(time.ticks_ms(), start) < off_s * 1000:
        thing.poll(100)
    joined = base.join()
    start = time.ticks_ms()
    base.wait(thing, lambda: thing.ready and not thing.kept, 180, "it did not come back")
    base.say(
        "back", ms=time.ticks_diff(time.ticks_ms(), start), joined_ms=joined, connects=thing.stats["connects"],
        cause=thing.cause,
    )  # fmt: skip
    thing.disconnect()
