"""A relay by shadow, safe alone: off at power-up, off when the cloud is away too long, reset when a step hangs."""

from time import ticks_add, ticks_diff, ticks_ms

from machine import WDT, Pin

from aws_iot import Thing

ALONE_MS = 300000  # so long without AWS, and nobody may want it on any more
WATCHDOG_MS = 30000  # a look-up by DNS takes up to 15 s; an RP2 has 8388 at most

relay = Pin(26, Pin.OUT, value=0)
thing = Thing.from_config("thing.conf.json", keepalive=30)
watchdog = WDT(timeout=WATCHDOG_MS)


def switch(on, why):
    relay.value(on)
    print("relay", "on" if on else "off", why)


def on_delta(desired):
    wanted = desired.get("relay")
    if type(wanted) is not bool:
        return None
    switch(wanted, "as desired")
    return {"relay": wanted, "why": "as desired"}


thing.on_delta(on_delta)
thing.on_event(lambda event, value: print(event, "" if value is None else value))
thing.report({"relay": False, "why": "power-up"})

until = ticks_add(ticks_ms(), ALONE_MS)
while True:
    watchdog.feed()
    thing.poll(100)
    if thing.ready:
        until = ticks_add(ticks_ms(), ALONE_MS)
    elif relay.value() and ticks_diff(until, ticks_ms()) < 0:
        switch(False, "alone")
        thing.report({"relay": False, "why": "alone"})  # told when the cloud is back, which then desires it anew
