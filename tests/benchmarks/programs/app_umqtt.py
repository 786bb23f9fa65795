"""The same program with umqtt.simple and the shadow done by hand. Arguments: port, how many."""

import sys
from json import dumps, loads

from umqtt.simple import MQTTClient


def read(name):
    with open(name, "rb") as file:
        return file.read()


def connect(port):
    params = {"cert": read("thing.crt"), "key": read("thing.key"), "cadata": read("ca.pem")}
    params["server_hostname"] = "localhost"
    client = MQTTClient("thing", "localhost", port, ssl=True, ssl_params=params)
    client.set_callback(answer)
    client.connect()
    params.clear()
    client.subscribe(shadow + b"/delta", 1)
    return client


def answer(topic, payload):
    seen[0] += 1
    client.publish(shadow, dumps({"state": {"reported": loads(payload)["state"]}}), False, 1)


seen = [0]
shadow = b"$aws/things/thing/shadow/update"
client = connect(int(sys.argv[1]))
print('{"event": "connected"}')
while seen[0] < int(sys.argv[2]):
    client.wait_msg()
print('{"event": "done"}')
