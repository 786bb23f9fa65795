"""Our client on top of a umqtt.simple: what of the base class shows in it, and whether that gets at the connection.

Arguments: host and port of a broker, and the topic to publish to when all that was tried.
"""

import json
import sys

from umqtt.simple import MQTTClient as Base

from aws_iot import MQTTClient, zerynth
from aws_iot.mqtt import calls

_OPENS_ITS_OWN = "connect"


def tell(event, value):
    print(json.dumps({"event": event, "value": value}))


def names(where):
    """What a class or module has of its own."""
    return [name for name in where.__dict__ if not name.startswith("__")]


def attempt(name, client):
    """Call the base class's own method on the connected client, with as many arguments as it wants."""
    arguments = []
    while True:
        try:
            return getattr(Base, name)(client, *arguments)
        except TypeError:
            arguments.append(b"t")
            if len(arguments) > 5:
                return None  # no method
        except Exception as error:
            return repr(error)


client = MQTTClient("device", sys.argv[1], int(sys.argv[2]), keepalive=60)
tell("base", [name for name in dir(Base) if not name.startswith("__")])
tell("ours", names(MQTTClient))
tell("lent", names(calls) + names(zerynth))
client.connect()
client.subscribe("t")
for name in dir(Base):
    if name.startswith("__") or name == _OPENS_ITS_OWN:
        continue
    tell("tries", name)
    attempt(name, client)
client.set_callback(None)
client.unsubscribe("t")
client.publish(sys.argv[3], "alive", qos=1)
tell("done", client.stats["connects"])
