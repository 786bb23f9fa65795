"""An application that is updated over the air by AWS IoT Jobs. A new version: change VERSION and what it does."""

from aws_iot import Thing
from aws_iot.fota import Fota
from aws_iot.fota.slots import FileSlot

VERSION = "1.0.0"


def show(event, value):
    print("fota:", event, value)


def on_event(event, value):
    print(event, "" if value is None else value)
    if event == "ready":
        # This version reaches AWS, so that the next one can be installed: it is good. Check here what matters to you.
        fota.confirm()


try:
    with open("firmware.key.pub") as file:
        key = file.read()
except OSError:
    key = None  # without it any image that a job names is installed

thing = Thing.from_config("thing.conf.json")
fota = Fota(thing, FileSlot(VERSION), public_key=key, on_event=show)
thing.on_event(on_event)
thing.report({"version": VERSION})  # `thing list` shows it
print("version", VERSION)
thing.loop_forever()
