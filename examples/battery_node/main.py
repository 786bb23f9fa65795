"""A node on a battery: wakes, measures, reports once by MQTT, takes what is desired, sleeps."""

import json

from machine import ADC, RTC, Pin, deepsleep  # Wi-Fi and the clock are boot.py's

from aws_iot import IotError, Thing

EMPTY_MV = 3300  # below it a lithium cell is to rest: it sleeps for a day
DAY_S = 86400

kept = {"period_s": 3600, "unsent": 0}  # over a sleep, in the RTC's memory


def remember():
    RTC().memory(json.dumps(kept))


def millivolts():
    return ADC(Pin(35)).read_uv() * 2 // 1000  # the board halves the battery's voltage


def take(desired):
    """A period that somebody desires counts from this sleep on, and is reported after it."""
    period = desired.get("period_s")
    if type(period) is int and 60 <= period <= DAY_S:
        kept["period_s"] = period


def wake():
    """Report, and ask: by one connection. -> seconds to sleep."""
    battery = millivolts()
    if battery < EMPTY_MV:
        print("battery empty:", battery)
        return DAY_S
    thing = Thing.from_config("thing.conf.json", keepalive=30, timeout_ms=8000)
    thing.on_delta(take)  # which is asked for at the connect
    try:
        thing.report_once({"battery_mv": battery, "unsent": kept["unsent"], "period_s": kept["period_s"]})
        print("reported", battery, "mV,", kept["unsent"], "unsent before")
        kept["unsent"] = 0
    except IotError as error:  # no network, no answer: the next time
        kept["unsent"] += 1
        print("not reported:", error)
    return kept["period_s"]


try:
    kept.update(json.loads(RTC().memory()))
except ValueError:
    pass  # the power was off
seconds = wake()
remember()
deepsleep(seconds * 1000)
