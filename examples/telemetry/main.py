"""Samples a sensor every second and loses none: QoS 1, kept while offline; a last will says when the board is gone."""

import gc
from time import ticks_add, ticks_diff, ticks_ms

from aws_iot import StateError, Thing

PERIOD_MS = 1000

# 8 KB hold about 120 of these samples: two minutes without a link.
thing = Thing.from_config("thing.conf.json", queue_bytes=8192)
base = "dt/%s/" % thing.thingname
session = ticks_ms()  # tells an old will, which may come late, from a new start
thing.mqtt.set_last_will(base + "status", '{"online": false, "session": %d}' % session, qos=1)


def read_sensor():
    return gc.mem_free()  # put your sensor here


def on_event(event, value):
    if event == "ready":
        thing.publish(base + "status", {"online": True, "session": session}, qos=1)
    if event in ("ready", "disconnected"):
        print(event, "" if value is None else value, thing.stats)


thing.on_event(on_event)

number = missed = 0
due = ticks_ms()
while True:
    thing.poll(max(0, ticks_diff(due, ticks_ms())))
    if ticks_diff(ticks_ms(), due) < 0:
        continue
    due = ticks_add(due, PERIOD_MS)
    number += 1
    try:
        thing.publish(base + "samples", {"n": number, "value": read_sensor(), "missed": missed}, qos=1)
    except StateError as error:  # offline for so long that the queue is full
        missed += 1
        print("sample", number, "not taken:", error)
