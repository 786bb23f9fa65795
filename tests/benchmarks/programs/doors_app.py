"""A whole program behind door mqtt or wss. Arguments: the door, the port, how many deltas it answers."""

import sys

from aws_iot import Thing


def read(name):
    with open(name, "rb") as file:
        return file.read()


def make(door, port):
    options = {"ca": read("ca.pem"), "port": port, "shadow_topics": ("update/delta",)}
    if door == "mqtt":
        return Thing("localhost", "thing", read("thing.crt"), read("thing.key"), **options)
    keys = ("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", None)
    return Thing("localhost", "thing", door=door, keys=lambda: keys, region="us-east-1", **options)


def connect(door, port):
    thing = make(door, port)  # elsewhere, so that the files' contents do not stay on this function's stack
    thing.on_shadow_request(answer)
    thing.connect()
    while not thing.ready:
        thing.poll(1000)
    return thing


def answer(state):
    seen[0] += 1
    return state


seen = [0]
thing = connect(sys.argv[1], int(sys.argv[2]))
print('{"event": "connected"}')
while seen[0] < int(sys.argv[3]) or thing.kept:
    thing.poll(1000)
print('{"event": "done"}')
