"""A thing in a small heap whose link breaks. Arguments: the broker's port, the file of its CA, those of the thing.

It says each event, and every time that it has slept for a while, how often poll() came back since.
"""

import gc
import json
import sys

from aws_iot import Thing


def read(path):
    with open(path, "rb") as file:
        return file.read()


def tell(event, value):
    gc.collect()
    print(json.dumps({"event": event, "value": str(value), "free": gc.mem_free()}))


def make(port, ca, cert, key):
    thing = Thing("localhost", "thing", read(cert), read(key), cacert=read(ca), port=port)
    thing.on_event(tell)
    thing.on_shadow_request(lambda state: state)
    return thing


thing = make(int(sys.argv[1]), *sys.argv[2:])
while True:
    before = thing.mqtt.ticks()
    count = 0
    while (thing.mqtt.ticks() - before) & 0x3FFFFFFF < 1000:
        thing.poll(1000)
        count += 1
    print(json.dumps({"event": "polled", "count": count, "connected": thing.connected}))
