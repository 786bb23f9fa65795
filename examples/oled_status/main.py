"""State of the thing on an OLED of 128 x 64 (SSD1306): connected or why not, and a text that the cloud desires."""

from time import ticks_diff, ticks_ms

from machine import I2C, Pin
from ssd1306 import SSD1306

from aws_iot import Thing

screen = SSD1306(I2C(0, scl=Pin(22), sda=Pin(21), freq=400000))
thing = Thing.from_config("thing.conf.json")
shown = {"text": "", "state": "", "since": ticks_ms()}


def lines(text):
    """Six lines of 16 letters: what fits."""
    return [text[at : at + 16] for at in range(0, min(len(text), 96), 16)]


def draw():
    screen.fill(0)
    screen.text(thing.thingname[:16], 0, 0)
    screen.text("%s %ds" % (shown["state"], ticks_diff(ticks_ms(), shown["since"]) // 1000), 0, 8)
    for row, line in enumerate(lines(shown["text"])):
        screen.text(line, 0, 16 + 8 * row)
    screen.show()


def on_delta(desired):
    text = desired.get("text")
    if type(text) is not str:
        return None
    shown["text"] = text
    return {"text": text}


def on_event(event, value):
    if event in ("connecting", "ready", "disconnected"):
        print(event)  # for `thing flash`
        shown["state"], shown["since"] = event, ticks_ms()
    if event == "disconnected" and thing.cause:
        shown["text"] = thing.cause


thing.on_delta(on_delta)
thing.on_event(on_event)
drawn = ticks_ms()
draw()
while True:
    thing.poll(100)
    if ticks_diff(ticks_ms(), drawn) >= 1000:  # the wire is slow: a picture takes 25 ms
        drawn = ticks_ms()
        draw()
