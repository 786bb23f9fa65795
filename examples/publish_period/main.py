"""Publishes a sample every publish_period ms; the cloud sets the period as desired state of the thing's shadow."""

import gc
from time import ticks_diff, ticks_ms

from aws_iot import Thing

settings = {"publish_period": 2000}

thing = Thing.from_config("thing.conf.json")


def shadow_callback(requested):
    period = requested.get("publish_period")
    if type(period) is not int or not 100 <= period <= 3600000:
        print("refused:", requested)
        return None
    print("requested publish period:", period)
    settings["publish_period"] = period
    return {"publish_period": period}  # a returned dict is published as reported


def on_event(event, value):
    if event in ("connected", "ready", "disconnected"):
        print(event, "" if value is None else value)
    if event == "ready":
        thing.report(settings)


thing.on_delta(shadow_callback)
thing.on_event(on_event)

number = 0
last = ticks_ms()
while True:
    thing.poll(100)  # connects, and connects again whenever the link is lost
    if thing.mqtt.connected and ticks_diff(ticks_ms(), last) >= settings["publish_period"]:
        last = ticks_ms()
        number += 1
        thing.publish("dt/%s/samples" % thing.thingname, {"asample": number})
        gc.collect()
        print("sample", number, "free heap", gc.mem_free())
