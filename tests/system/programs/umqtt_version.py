"""What a umqtt.simple is and does: its public names, then a message to itself over the broker at host and port."""

import json
import sys

from umqtt.simple import MQTTClient


def tell(event, value):
    print(json.dumps({"event": event, "value": value}))


client = MQTTClient(b"device", sys.argv[1], int(sys.argv[2]))
tell("names", sorted([name for name in dir(client) if not name.startswith("_")]))
try:
    MQTTClient("device", "host", 0, None, None, 0, True, {})
except TypeError:
    tell("ssl_params", False)
else:
    tell("ssl_params", True)
messages = []
client.set_callback(lambda topic, message: messages.append(message.decode()))
client.set_last_will(b"will", b"gone")
client.connect()
client.subscribe(b"t", 1)
client.publish(b"t", b"to itself", qos=1)
while not messages:
    client.wait_msg()
tell("messages", messages)
if hasattr(client, "unsubscribe"):
    client.unsubscribe(b"t")
    client.publish(b"t", b"to nobody", qos=1)
client.disconnect()
tell("done", messages)
