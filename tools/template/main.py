import random
import time

import helpers

from aws_iot import Thing

period_ms = 4000


def on_delta(requested):
    """Called with what somebody wants changed; what is returned is reported back to the shadow."""
    global period_ms
    if "publish_period" not in requested:
        return None
    period_ms = requested["publish_period"]
    print("publish period is now", period_ms, "ms")
    return {"publish_period": period_ms}


helpers.connect_wifi()
helpers.set_clock()

thing = Thing.from_config("thing.conf.json")
thing.on_delta(on_delta)
thing.on_event(lambda event, value: print(event, "" if value is None else value))
thing.connect()
thing.report({"publish_period": period_ms})

last = time.ticks_ms()
while True:
    thing.poll(100)  # receives, keeps the connection alive and opens it again; at most 100 ms
    if time.ticks_diff(time.ticks_ms(), last) >= period_ms:
        last = time.ticks_ms()
        thing.publish("dt/" + thing.thingname + "/samples", {"asample": random.randint(0, 10)}, qos=1)
