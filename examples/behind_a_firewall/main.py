"""A thing where only port 443 is open: MQTT by WebSocket, with AWS keys that it fetches by its certificate."""

from aws_iot import Thing

# thing.conf.json has "door": "wss", and what `thing role-alias create` has written there: see README.md
thing = Thing.from_config("thing.conf.json")


def on_desired(state):
    print("desired:", state)
    return state


def on_event(event, value):
    if event in ("ready", "disconnected"):
        print(event, "" if value is None else value)


thing.on_event(on_event)
thing.on_delta(on_desired)
thing.report({"door": "wss"})

while True:
    thing.poll(1000)
