"""Telemetry of a BME280: temperature, pressure, humidity; the shadow sets how often, and has the last value."""

from time import ticks_diff, ticks_ms

from bme280 import BME280
from machine import I2C, Pin

from aws_iot import StateError, Thing

settings = {"period_s": 10}

sensor = BME280(I2C(0, scl=Pin(22), sda=Pin(21)))
thing = Thing.from_config("thing.conf.json")
topic = "dt/%s/climate" % thing.thingname


def on_delta(desired):
    period = desired.get("period_s")
    if type(period) is int and 1 <= period <= 86400:
        settings["period_s"] = period
        print("every", period, "s")
        return {"period_s": period}
    return None


def sample():
    try:
        celsius, hpa, percent = sensor.read()
    except OSError as error:  # a wire that is loose: the next time, then
        print("no sample:", error)
        return
    values = {"celsius": round(celsius, 2), "hpa": round(hpa, 2), "percent": round(percent, 1)}
    print("sample", values)
    thing.report({"climate": values})
    try:
        thing.publish(topic, values, qos=1)  # kept until AWS has it
    except StateError:  # offline for so long that the queue is full
        print("sample not taken")


thing.on_delta(on_delta)
thing.on_event(lambda event, value: print(event, "" if value is None else value))
thing.report(settings)
sample()
last = ticks_ms()
while True:
    thing.poll(100)
    if ticks_diff(ticks_ms(), last) >= settings["period_s"] * 1000:
        last = ticks_ms()
        sample()
