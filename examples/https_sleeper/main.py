"""Wakes, takes what the cloud desires, reports, sleeps: two HTTPS calls by one connection, for a board on a battery."""

import gc
import json

from machine import RTC, deepsleep  # Wi-Fi and the clock are boot.py's

from aws_iot import IotError, Rejected, Thing

settings = {"period_s": 600}


def remembered():
    """What the RTC has kept since the last time; nothing after the power was off."""
    try:
        settings.update(json.loads(RTC().memory()))
    except ValueError:
        pass


def take(wanted):
    period = wanted.get("period_s")
    if type(period) is int and 10 <= period <= 86400:
        settings["period_s"] = period
        RTC().memory(json.dumps(settings))
    elif wanted:
        print("refused:", wanted)


def read_sensor():
    return gc.mem_free()  # put your sensor here


def wake():
    thing = Thing.from_config("thing.conf.json")  # "door": "https"
    try:
        take(thing.http.get()["state"].get("delta", {}))
    except Rejected as error:
        if error.code != 404:  # there is no shadow yet
            raise
    report = {"value": read_sensor(), "period_s": settings["period_s"]}
    print("reported", thing.report_once(report)["version"], report)


remembered()
try:
    wake()
except IotError as error:  # the next time, then
    print("not reported:", error)
deepsleep(settings["period_s"] * 1000)
