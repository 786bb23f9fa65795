"""NeoPixels by command: a message to cmd/<thing>/pixels sets colours, and is answered on dt/<thing>/pixels."""

import json

from machine import Pin
from neopixel import NeoPixel

from aws_iot import LinkError, Thing

COUNT = 8
BRIGHTEST = 64  # of 255: all white, a pixel draws 60 mA at 255, more than a board's pin of 5 V may give for many

pixels = NeoPixel(Pin(5, Pin.OUT), COUNT)
thing = Thing.from_config("thing.conf.json")
answers = "dt/%s/pixels" % thing.thingname


def colour(value):
    """(r, g, b) of "#rrggbb", dimmed; ValueError for what is none."""
    if type(value) is not str or len(value) != 7 or value[0] != "#":
        raise ValueError("a colour is #rrggbb, not %r" % value)
    number = int(value[1:], 16)
    return tuple([(number >> shift & 255) * BRIGHTEST // 255 for shift in (16, 8, 0)])


def obey(command):
    """{"all": "#ff0000"}, or {"0": "#00ff00", "7": "#0000ff"}: all or nothing."""
    new = {}
    for key, value in command.items():
        for at in range(COUNT) if key == "all" else (int(key),):
            if not 0 <= at < COUNT:
                raise ValueError("there are pixels 0 to %d, not %d" % (COUNT - 1, at))
            new[at] = colour(value)
    for at, each in new.items():
        pixels[at] = each
    pixels.write()
    return len(new)


def on_command(topic, payload):
    try:
        answer = {"ok": True, "pixels": obey(json.loads(payload))}
    except (ValueError, AttributeError) as error:  # no JSON, no object, no colour
        answer = {"ok": False, "error": str(error)}
    print("command", payload, answer)
    try:
        thing.publish(answers, answer)
    except LinkError:  # gone meanwhile: who asked has noticed
        pass


pixels.fill((0, 0, 0))
pixels.write()
thing.subscribe("cmd/%s/pixels" % thing.thingname, on_command)
thing.on_event(lambda event, value: print(event, "" if value is None else value))
thing.loop_forever()
