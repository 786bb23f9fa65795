"""Sends a sample every few seconds; the thing's shadow sets how often. No outage and no value in the shadow ends it."""

import random
import time

import helpers

from aws_iot import StateError, Thing

KEEP = 60  # samples that wait for AWS; when there are more, the oldest is dropped
WATCHDOG_S = 0  # for example 60: the board is reset when this program hangs for so long

settings = {"publish_period": 10000}  # ms; a message in 10 s is 260 000 a month, and AWS bills by their number
waiting = []
dropped = 0  # samples since the start that nobody got


def on_delta(requested):
    """Called with what somebody wants changed; what is returned is reported back to the shadow."""
    period = requested.get("publish_period")
    if type(period) is not int or not 100 <= period <= 86400000:
        print("refused:", requested)  # it is not reported, so the shadow goes on showing that it is wanted
        return None
    settings["publish_period"] = period
    print("publish period is now", period, "ms")
    return {"publish_period": period}


def on_event(event, value):
    print(event, "" if value is None else value)


def take_sample():
    global dropped
    if len(waiting) == KEEP:
        waiting.pop(0)
        dropped += 1
    waiting.append({"asample": random.randint(0, 10), "dropped": dropped})


def send_samples():
    while waiting and thing.ready:
        try:
            thing.publish("dt/" + thing.thingname + "/samples", waiting[0], qos=1)
        except (StateError, MemoryError):  # as much as may be kept waits for AWS already
            return
        waiting.pop(0)


wifi = helpers.Wifi()
watchdog = helpers.Watchdog(WATCHDOG_S)
thing = Thing.from_config("thing.conf.json")
thing.on_delta(on_delta)
thing.on_event(on_event)
thing.report(settings)

take_sample()
last = time.ticks_ms()
while True:
    watchdog.feed()
    if wifi.poll() or thing.connected:
        thing.poll(100)  # receives, keeps the connection alive and opens it again; at most 100 ms
    else:
        time.sleep_ms(100)
    if time.ticks_diff(time.ticks_ms(), last) >= settings["publish_period"]:
        last = time.ticks_ms()
        take_sample()
    send_samples()
