"""The same program with umqtt.simple and the shadow done by hand. Arguments: port, how many."""

import sys
from json import dumps, loads

from umqtt.simple import MQTTClient


def answer(topic, payload):
    seen[0] += 1
    client.publish(shadow, dumps({"state": {"reported": loads(payload)["state"]}}), False, 1)


seen = [0]
shadow = b"$aws/things/thing/shadow/update"
client = MQTTClient(
    "thing", "localhost", int(sys.argv[1]), ssl=True,
    ssl_params={
        "cert": open("thing.crt").read(), "key": open("thing.key").read(), "cadata": open("ca.pem").read(),
        "server_hostname": "localhost",
    },
)  # fmt: skip
client.set_callback(answer)
client.connect()
client.ssl_params = None
client.subscribe(shadow + b"/delta", 1)
print('{"event": "connected"}')
while seen[0] < int(sys.argv[2]):
    client.wait_msg()
print('{"event": "done"}')
