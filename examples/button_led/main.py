"""A LED and a button: the cloud desires the LED on or off, a press of the button changes it; both are reported."""

from time import ticks_diff, ticks_ms

from machine import Pin

from aws_iot import IotError, Thing

BOUNCE_MS = 50  # a contact bounces for some milliseconds

led = Pin(2, Pin.OUT, value=0)
button = Pin(4, Pin.IN, Pin.PULL_UP)  # 0 while it is pressed

thing = Thing.from_config("thing.conf.json")


def switch(on):
    led.value(on)
    print("led", "on" if on else "off")


def on_delta(desired):
    if type(desired.get("led")) is bool:  # whoever may write the shadow may write anything
        switch(desired["led"])
        return {"led": desired["led"]}
    return None


thing.on_delta(on_delta)
thing.on_event(lambda event, value: print(event, "" if value is None else value))
thing.report({"led": False, "presses": 0})  # waits until there is a connection

pressed, changed, presses = False, ticks_ms(), 0
while True:
    thing.poll(20)  # connects, and connects again whenever the link is lost
    down = not button.value()
    if down == pressed or ticks_diff(ticks_ms(), changed) < BOUNCE_MS:
        continue
    pressed, changed = down, ticks_ms()
    if pressed:
        presses += 1
        on = not led.value()
        switch(on)
        state = {"led": on, "presses": presses}
        try:
            # desired, too: else what the cloud last wished would be a difference, which switches it back
            thing.shadow.update(reported=state, desired={"led": on}, timeout_ms=2000)
        except IotError:  # offline: it is reported as soon as there is a connection, and what was desired holds then
            thing.report(state)
